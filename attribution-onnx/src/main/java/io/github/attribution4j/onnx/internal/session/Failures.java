// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import io.github.attribution4j.onnx.internal.proto.OneLine;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the runtime says of a failure, without the places in its own source. */
final class Failures {
    private static final Pattern CODE = Pattern.compile(
            "^(?:Error code - \\w+ - message: )?(?:Exception during initialization: |Load model from .* failed:)?");
    /** A file, a line, and the beginning of what stands there. */
    private static final Pattern PLACE = Pattern.compile("(?<path>/\\S*/)?\\w+\\.(?:cc|cpp|h|hpp|cuh?):\\d+ ");

    private Failures() {}

    static String words(String message) {
        int end = message.indexOf("\nStacktrace:");
        String line = CODE.matcher(end < 0 ? message : message.substring(0, end))
                .replaceFirst("")
                .replaceAll("\\s*\\R\\s*", " ");
        StringBuilder words = new StringBuilder();
        int at = 0;
        Matcher place = PLACE.matcher(line);
        while (place.find(at)) {
            words.append(line, at, place.start());
            at = place.end();
            // Where the runtime names the path it gives the whole signature, else the function's name.
            at = place.group("path") == null ? word(line, at) : signature(line, at);
            while (at < line.length() && line.charAt(at) == ' ') {
                at++;
            }
            if (words.length() > 0 && words.charAt(words.length() - 1) != ' ') {
                words.append(' ');
            }
        }
        return OneLine.of(words.append(line.substring(at)).toString().strip());
    }

    private static int word(String line, int from) {
        int end = line.indexOf(' ', from);
        return end < 0 ? from : end + 1;
    }

    private static int signature(String line, int from) {
        int at = line.indexOf('(', from);
        if (at < 0) {
            return from;
        }
        int depth = 0;
        for (; at < line.length(); at++) {
            char c = line.charAt(at);
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (depth == 0) {
                break;
            }
        }
        if (depth != 0) {
            return from;
        }
        at++;
        if (line.startsWith(" const", at)) {
            at += " const".length();
        }
        if (line.startsWith(" [with ", at)) {
            int close = line.indexOf(']', at);
            at = close < 0 ? at : close + 1;
        }
        return at;
    }
}
