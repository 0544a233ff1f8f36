import { Command } from "commander";
import { fail } from "./fail.js";

export function kernelCommand(): Command {
  const install = new Command("install")
    .description("tell Jupyter about the kernel, so that the notebooks open there")
    .option("--user", "install for this user (the default)")
    .option("--prefix <folder>", "install below a prefix, such as a virtual environment")
    .action(async (options: { readonly prefix?: string }) => {
      try {
        const { installKernelSpec } = await import("../kernel/kernelspec.js");
        const folder = installKernelSpec(options.prefix === undefined ? {} : { prefix: options.prefix });
        process.stdout.write(`npulab: kernel 'TypeScript (npulab)' written to ${folder}\n`);
        // The first notebook starts as fast as all others; where this fails, that one leaves it behind.
        const { buildSnapshot } = await import("../kernel/language/snapshot.js");
        buildSnapshot({ folder: process.cwd() });
      } catch (error) {
        fail(error);
      }
    });
  return new Command("kernel").description("the notebook kernel").addCommand(install);
}
