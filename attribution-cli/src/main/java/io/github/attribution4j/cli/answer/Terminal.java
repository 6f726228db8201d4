// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.answer;

import java.io.Console;
import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.Charset;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Help.Ansi;

/** The terminal at the standard streams. */
public final class Terminal {
    private static final int WIDTH = 100;

    private Terminal() {}

    /** Returns whether standard output is a terminal. */
    @SuppressWarnings("SystemConsoleNull") // the code below handles both
    public static boolean isInteractive() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            // Since Java 22 there is a console even without a terminal, and a method that tells which.
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (NoSuchMethodException e) {
            return true;
        } catch (IllegalAccessException | InvocationTargetException e) {
            return false;
        }
    }

    /** Returns the encoding of standard output. */
    public static Charset charset() {
        @Nullable String name = System.getProperty("stdout.encoding", System.getProperty("sun.stdout.encoding"));
        if (name == null) {
            name = System.getProperty("native.encoding", "UTF-8");
        }
        return Charset.isSupported(name) ? Charset.forName(name) : Charset.defaultCharset();
    }

    /** When there are colors. */
    public enum Colors {
        /** In a terminal, unless the environment has NO_COLOR. */
        auto,
        /** Always, also into a pipe. */
        always,
        /** Never. */
        never
    }

    /** Returns how a report is written there. */
    public static Report.Style style(Colors colors) {
        boolean ascii = !charset().name().toUpperCase(Locale.ROOT).startsWith("UTF");
        boolean colored = switch (colors) {
            case auto -> Ansi.AUTO.enabled() && isInteractive();
            case always -> true;
            case never -> false;
        };
        return new Report.Style(WIDTH, colored, ascii);
    }

    /** Returns a writer in the encoding of standard output. */
    public static PrintWriter writer(java.io.PrintStream stream) {
        return new PrintWriter(new java.io.OutputStreamWriter(stream, charset()), true);
    }
}
