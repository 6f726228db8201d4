// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.onnx.internal.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every refusal in the code of this module is on the page of troubleshooting, of which another test provokes
 * every line.
 */
class RefusalTextsTest {
    /**
     * Rules refuse in words that come after "gradients do not pass"; these are expressions that make other refusals.
     */
    private static final Pattern REFUSAL = Pattern.compile(
            "(?:new (?:FormatException|UnsupportedModelException|ModelException|ModelException\\.OutOfMemory)"
                    + "|OnnxRuntime\\.failure|throw failure|return) ?\\(?");

    private static final Pattern TEXT = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    /** A shorter one only joins others. */
    private static final int SHORTEST = 12;

    /** Failures of the runtime itself that nothing known provokes. */
    private static final List<String> UNPROVOKED = List.of(
            "ONNX Runtime does not describe the model",
            "ONNX Runtime does not say in which blocks it keeps channels",
            "ONNX Runtime does not start with",
            "ONNX Runtime does not take an input of shape",
            "a run cannot be stopped",
            "a session cannot be closed",
            "the model gives a value of type",
            "without weights in other files, more than 2 GB");

    @Test
    void every_refusal_is_on_the_page() throws IOException {
        Path root = Golden.folder().resolve("../..").normalize();
        List<String> listed = new ArrayList<>();
        for (String line : Files.readAllLines(root.resolve("docs/troubleshooting.md"))) {
            Matcher code = CODE.matcher(line.startsWith("| ") ? line.substring(0, line.indexOf(" | ") + 1) : "");
            while (code.find()) {
                listed.add(code.group(1));
            }
        }
        List<String> missing = new ArrayList<>();
        int found = 0;
        for (Path file : sources(root.resolve("attribution-onnx/src/main/java"))) {
            String source = Files.readString(file);
            Matcher refusal = REFUSAL.matcher(source);
            while (refusal.find()) {
                String said = said(source.substring(refusal.start(), end(source, refusal.start())));
                boolean isReturn = refusal.group().startsWith("return");
                if (said.length() < SHORTEST || (isReturn && !isRefusal(file, said))) {
                    continue;
                }
                found++;
                if (listed.stream().noneMatch(message -> matches(said, message))
                        && UNPROVOKED.stream().noneMatch(said::contains)) {
                    missing.add(file.getFileName() + ": " + said);
                }
            }
        }
        assertThat(missing).isEmpty();
        assertThat(found).isGreaterThan(70);
    }

    private static List<Path> sources(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java")
                            && !file.toString().contains("gradient"))
                    .sorted()
                    .toList();
        }
    }

    /** Where texts are returned that become refusals. */
    private static boolean isRefusal(Path file, String said) {
        return switch (file.getFileName().toString()) {
            case "OnnxRuntime.java" -> said.contains("the model");
            case "ExternalData.java" -> said.contains("tensor ");
            case "OnnxFile.java" -> said.contains("and ");
            default -> false;
        };
    }

    /** The end of a statement: the semicolon that is in no text. */
    private static int end(String source, int from) {
        boolean text = false;
        for (int i = from; i < source.length(); i++) {
            char c = source.charAt(i);
            text ^= c == '"' && source.charAt(i - 1) != '\\' && !source.startsWith("'\"'", i - 1);
            if (c == ';' && !text) {
                return i;
            }
        }
        return source.length();
    }

    /** The texts of a statement, joined where they are joined there; what is computed between them is left out. */
    private static String said(String statement) {
        String joined = statement.replaceAll("\"\\s*\\+\\s*\"", "");
        StringBuilder said = new StringBuilder();
        Matcher text = TEXT.matcher(joined);
        while (text.find()) {
            said.append(text.group(1)).append('…');
        }
        return said.toString();
    }

    private static boolean matches(String said, String message) {
        int at = 0;
        for (String part : message.split(" … ", -1)) {
            at = said.indexOf(part, at);
            if (at < 0) {
                return false;
            }
            at += part.length();
        }
        return true;
    }
}
