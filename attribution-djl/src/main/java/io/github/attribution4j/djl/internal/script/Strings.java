// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.script;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes and reads string literals. */
final class Strings {
    private Strings() {}

    static String quote(String value) {
        StringBuilder text = new StringBuilder("\"");
        for (byte b : value.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xFF);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\t' -> text.append("\\t");
                case '\r' -> text.append("\\r");
                default -> {
                    if (c < ' ' || c > '~') {
                        text.append(String.format("\\%03o", (int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        return text.append('"').toString();
    }

    /**
     * Reads a literal. The serializer writes everything that is not ASCII as escapes, which stand for bytes. Together
     * the bytes are UTF-8, or else Latin-1.
     */
    static String unquote(String raw) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int end = raw.length() - 1;
        for (int i = 1; i < end; i++) {
            char c = raw.charAt(i);
            if (c != '\\' || i + 1 >= end) {
                int stop = i;
                while (stop < end && raw.charAt(stop) != '\\') {
                    stop++;
                }
                stop = Math.max(stop, i + 1);
                bytes.writeBytes(raw.substring(i, stop).getBytes(StandardCharsets.UTF_8));
                i = stop - 1;
                continue;
            }
            char escape = raw.charAt(++i);
            switch (escape) {
                case 'n' -> bytes.write('\n');
                case 't' -> bytes.write('\t');
                case 'r' -> bytes.write('\r');
                case 'a' -> bytes.write(7);
                case 'b' -> bytes.write('\b');
                case 'f' -> bytes.write('\f');
                case 'v' -> bytes.write(11);
                case 'x' -> {
                    int stop = Math.min(i + 3, end);
                    bytes.write(Integer.parseInt(raw, i + 1, stop, 16));
                    i = stop - 1;
                }
                case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                    int stop = i;
                    while (stop < Math.min(i + 3, end) && raw.charAt(stop) >= '0' && raw.charAt(stop) <= '7') {
                        stop++;
                    }
                    bytes.write(Integer.parseInt(raw, i, stop, 8));
                    i = stop - 1;
                }
                default -> bytes.writeBytes(String.valueOf(escape).getBytes(StandardCharsets.UTF_8));
            }
        }
        byte[] all = bytes.toByteArray();
        String text = new String(all, StandardCharsets.UTF_8);
        return text.indexOf('\uFFFD') < 0 ? text : new String(all, StandardCharsets.ISO_8859_1);
    }
}
