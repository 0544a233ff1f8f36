/** The one name that compiled cells get from the kernel; see `emit.ts`. */
export const KERNEL_NAME = "$kernel";
