// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of every command, and what a command says. */
final class CommonOptions {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Show the version.")
    boolean version;

    @Option(names = "--debug", description = "Show where a failure comes from.")
    boolean debug;

    @Option(
            names = {"-q", "--quiet"},
            description = "Print nothing but failures.")
    boolean quiet;

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    /** Returns where results go. */
    PrintWriter out() {
        return command.commandLine().getOut();
    }

    /** Returns where failures and progress go. */
    PrintWriter err() {
        return command.commandLine().getErr();
    }

    /** Returns the options that the user gave. */
    List<OptionSpec> given() {
        return command.commandLine().getParseResult().matchedOptions();
    }

    /** Says which files were written, unless there are none. */
    void wrote(List<Path> files) {
        if (!quiet && !files.isEmpty()) {
            out().println("wrote "
                    + String.join(", ", files.stream().map(Path::toString).toList()));
        }
    }
}
