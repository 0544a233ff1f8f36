/** More dimensions than any tensor has. Source: NumPy 2.0 release notes, NPY_MAXDIMS (64; TFLite kernels end at 8). */
export const MOST_DIMENSIONS = 64;
