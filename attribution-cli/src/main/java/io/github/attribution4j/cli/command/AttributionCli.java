// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.answer.Terminal;
import io.github.attribution4j.internal.NearNames;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code attribution}: explains a model's output from the command line. */
@Command(
        name = "attribution",
        versionProvider = AttributionCli.Version.class,
        header = "Says why a model answered as it did.",
        synopsisHeading = "%nUsage: ",
        commandListHeading = "%nCommands:%n",
        optionListHeading = "%nOptions:%n",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:an unexpected failure, to be reported",
            "2:bad arguments or input",
            "3:the model cannot be explained this way",
            "4:the deadline passed",
            "5:the bits of a replay differ, or two models do"
        },
        footerHeading = "%nStart here:%n",
        footer = {
            "  attribution demo                                   explains a digit and a patient's row",
            "  attribution doctor --model m.pt --input x.npz      what works with a model, and why not the rest",
            "  attribution explain --model m.pt --input x.png --png why.png",
            "  attribution explain --model m.onnx --input x.png --png why.png    an ONNX model, by the same options",
            "  attribution methods                                every method with its settings"
        },
        subcommands = {
            ExplainCommand.class,
            ReplayCommand.class,
            MethodsCommand.class,
            LayersCommand.class,
            ViewCommand.class,
            DoctorCommand.class,
            SurveyCommand.class,
            BatchCommand.class,
            SummaryCommand.class,
            ImportanceCommand.class,
            JudgeCommand.class,
            ConceptsCommand.class,
            ConvertCheckCommand.class,
            DemoCommand.class
        })
public final class AttributionCli implements Callable<Integer> {
    @Mixin
    CommonOptions common = new CommonOptions();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    private AttributionCli() {}

    /** Runs the command line and ends the process with its exit code. */
    public static void main(String[] args) {
        quietEngine();
        PrintWriter out = Terminal.writer(System.out);
        PrintWriter err = Terminal.writer(System.err);
        int code = run(out, err, args);
        out.flush();
        err.flush();
        System.exit(code);
    }

    /** Quiets the engine, which logs when it starts, and looks for updates on some clouds. */
    private static void quietEngine() {
        setUnlessSet("org.slf4j.simpleLogger.defaultLogLevel", "off");
        setUnlessSet("java.awt.headless", "true");
        setUnlessSet("ai.djl.offline", "true");
        setUnlessSet("OPT_OUT_TRACKING", "true");
    }

    private static void setUnlessSet(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /**
     * Runs the command line in this JVM.
     *
     * @param out takes what goes to standard output
     * @param err takes failures, one line each
     * @param args arguments
     * @return the exit code
     */
    public static int run(PrintWriter out, PrintWriter err, String... args) {
        CommandLine line = new CommandLine(new AttributionCli());
        ConvertCheckCommand.leaveModelOut(line);
        line.setOut(out);
        line.setErr(err);
        line.setUsageHelpWidth(100);
        line.setUsageHelpAutoWidth(false);
        line.setParameterExceptionHandler(AttributionCli::refuse);
        line.setExecutionExceptionHandler(AttributionCli::fail);
        return line.execute(args);
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getOut());
        return Failure.DONE;
    }

    private static int refuse(ParameterException e, String[] args) {
        PrintWriter err = e.getCommandLine().getErr();
        err.println(prefix(e.getCommandLine()) + message(e));
        err.flush();
        return Failure.BAD_REQUEST;
    }

    private static String prefix(CommandLine line) {
        return line.getCommandSpec().qualifiedName() + ": ";
    }

    /** Returns one line; for unknown options and commands with similar ones. */
    static String message(ParameterException e) {
        if (e instanceof UnmatchedArgumentException unmatched
                && !unmatched.getUnmatched().isEmpty()) {
            String given = unmatched.getUnmatched().get(0);
            CommandSpec spec = unmatched.getCommandLine().getCommandSpec();
            if (given.startsWith("-")) {
                String option = given.contains("=") ? given.substring(0, given.indexOf('=')) : given;
                List<String> known = new ArrayList<>();
                for (OptionSpec known1 : spec.options()) {
                    known.add(known1.longestName());
                }
                return "option '" + option + "' does not exist; " + NearNames.hint(option, known);
            }
            List<String> commands = List.copyOf(spec.subcommands().keySet());
            return commands.isEmpty()
                    ? "'" + given + "' is not expected here; options begin with --"
                    : "command '" + given + "' does not exist; " + NearNames.hint(given, commands);
        }
        return Failure.of(e).line();
    }

    private static int fail(Exception e, CommandLine line, ParseResult parsed) {
        PrintWriter err = line.getErr();
        Failure failure = Failure.of(e);
        err.println(prefix(line) + failure.line());
        if (parsed.hasMatchedOption("--debug") || line.getParseResult().hasMatchedOption("--debug")) {
            e.printStackTrace(err);
        }
        err.flush();
        return failure.code();
    }

    /** The version in the manifest of the jar. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = AttributionCli.class.getPackage().getImplementationVersion();
            return new String[] {"attribution4j " + (version == null ? "(not from a jar)" : version)};
        }
    }
}
