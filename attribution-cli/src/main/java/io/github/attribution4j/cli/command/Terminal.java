// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import io.github.attribution4j.cli.answer.Report;
import java.io.Console;
import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.Charset;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Help.Ansi;

/** What the standard streams are connected to. */
final class Terminal {
    private static final int WIDTH = 100;

    private Terminal() {}

    /** Returns whether somebody watches. */
    @SuppressWarnings("SystemConsoleNull") // what follows knows both
    static boolean isInteractive() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            // From Java 22 on there is a console even where there is no terminal, and a method that says so.
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (NoSuchMethodException e) {
            return true;
        } catch (IllegalAccessException | InvocationTargetException e) {
            return false;
        }
    }

    /** Returns the encoding of standard output. */
    static Charset charset() {
        @Nullable String name = System.getProperty("stdout.encoding", System.getProperty("sun.stdout.encoding"));
        if (name == null) {
            name = System.getProperty("native.encoding", "UTF-8");
        }
        return Charset.isSupported(name) ? Charset.forName(name) : Charset.defaultCharset();
    }

    /** When there are colours. */
    enum Colours {
        /** Where somebody watches, unless the environment says NO_COLOR. */
        auto,
        /** Always, also into a pipe. */
        always,
        /** Never. */
        never
    }

    static Report.Style style(Colours colours) {
        boolean ascii = !charset().name().toUpperCase(Locale.ROOT).startsWith("UTF");
        boolean coloured = switch (colours) {
            case auto -> Ansi.AUTO.enabled() && isInteractive();
            case always -> true;
            case never -> false;
        };
        return new Report.Style(WIDTH, coloured, ascii);
    }

    static PrintWriter writer(java.io.PrintStream stream) {
        return new PrintWriter(new java.io.OutputStreamWriter(stream, charset()), true);
    }
}
