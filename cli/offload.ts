import { Command } from "commander";
import { fail } from "./fail.js";

interface Flags {
  readonly json?: boolean;
  readonly html?: string;
}

export function offloadCommand(): Command {
  return new Command("offload")
    .description(
      "set published offload rates and latencies beside predictions, and judge what was claimed of them",
    )
    .option("--json", "print one JSON object, schema npulab/offload@1")
    .option("--html <out>", "write a self-contained HTML report")
    .action(async ({ json, html }: Flags) => {
      try {
        const { offloadStudy } = await import("../lib/analyze/offload-study.js");
        const { publishedOffloadModels } = await import("../lib/node/offload-models.js");
        const study = offloadStudy(publishedOffloadModels());
        if (html !== undefined) {
          const { offloadReport } = await import("../lib/report/offload-report.js");
          const { writeBlocks } = await import("./write-page.js");
          writeBlocks(html, offloadReport(study), { title: "Offload rate and latency" });
          process.stderr.write(`npulab: report written to ${html}\n`);
        }
        if (json) process.stdout.write(`${JSON.stringify(study, null, 2)}\n`);
        else if (html === undefined) {
          const { claimsTable, offloadTable } = await import("../lib/table/offload.js");
          const { tableToText } = await import("../lib/table/show.js");
          process.stdout.write(
            `${tableToText(offloadTable(study), { caption: "Published beside predicted" })}\n\n${tableToText(claimsTable(study), { caption: "Claims" })}\n`,
          );
        }
      } catch (error) {
        fail(error);
      }
    });
}
