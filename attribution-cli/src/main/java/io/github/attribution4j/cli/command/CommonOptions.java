// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import picocli.CommandLine.Option;

/** The options of every command. */
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
}
