import { Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { UserError } from "../tensor/index.ts";
import { denoiseCommand } from "./denoise.ts";
import { generateCommand } from "./generate.ts";
import { inspectCommand } from "./inspect.ts";
import { tell } from "./tell.ts";
import { trainCommand } from "./train.ts";

/**
 * Runs a command line, without `node` and the program's name.
 *
 * @returns the exit code: 0; 2 for a fault that a person can mend, told in one sentence; 1 for a bug, told with its
 * stack. Ctrl-C ends with 130.
 */
export async function run(args: readonly string[]): Promise<number> {
  const frabbit = program();
  if (args.length === 0) {
    frabbit.outputHelp({ error: true });
    return 2;
  }
  try {
    await frabbit.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof UserError) {
      tell(error.message);
      return 2;
    }
    console.error(error);
    return 1;
  }
}

function program(): Command {
  const frabbit = own(new Command("frabbit"))
    .description("Text-to-image diffusion: draws what a prompt says.")
    .version(packageJson.version)
    .addHelpText("after", '\nfrabbit "a red apple" is short for frabbit generate "a red apple".');
  frabbit.addCommand(own(generateCommand()), { isDefault: true });
  for (const command of [denoiseCommand(), trainCommand(), inspectCommand()]) {
    frabbit.addCommand(own(command));
  }
  return frabbit;
}

/** A command whose faults are told as ours are, and thrown. */
function own(command: Command): Command {
  return command.exitOverride().configureOutput({ outputError: (text) => tell(oneSentence(text)) });
}

/** commander's message on one line, without its "error:". */
function oneSentence(text: string): string {
  return text
    .replace(/^error: /, "")
    .trim()
    .replaceAll(/\s*\n\s*/g, " ");
}
