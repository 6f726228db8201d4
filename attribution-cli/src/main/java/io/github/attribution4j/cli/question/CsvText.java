// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The cells of a table, as text. Cells may be quoted as in RFC 4180, with line breaks. The separator of the header
 * separates all cells: comma, semicolon or tab.
 *
 * @param separator between cells
 * @param lines the header, and each line that is not blank
 */
record CsvText(char separator, List<Line> lines) {
    /**
     * One line.
     *
     * @param number of its first line in the file, from 1
     * @param cells without quotes and outer blanks
     */
    record Line(int number, List<String> cells) {}

    static final char BYTE_ORDER_MARK = '\ufeff';

    /** What may be between cells, unless the file declares another character. */
    static final String SEPARATORS = ",;\t";

    /**
     * Reads a file.
     *
     * @param encoding of its characters, or empty for UTF-8
     */
    static CsvText read(Path file, Optional<Charset> encoding) throws IOException {
        String text = decode(file, Files.readAllBytes(file), encoding);
        if (!text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK) {
            text = text.substring(1);
        }
        Optional<Character> declared = declared(text);
        int skipped = 0;
        if (declared.isPresent()) {
            int end = text.indexOf('\n');
            text = end < 0 ? "" : text.substring(end + 1);
            skipped = 1;
        }
        char separator = declared.orElse(separator(text));
        return new CsvText(separator, lines(file, text, separator, 1 + skipped));
    }

    /** Splits text into lines of cells. */
    static List<Line> lines(Path file, String text, char separator, int firstLine) throws IOException {
        return new Parser(file, text, separator, firstLine).lines();
    }

    /** Returns an encoding by name. */
    static Charset encoding(String name) {
        try {
            return Charset.forName(name.equalsIgnoreCase("latin-1") ? "ISO-8859-1" : name);
        } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
            throw new IllegalArgumentException(
                    "--encoding " + name + ": is unknown; choose utf-8, latin-1, windows-1252, utf-16 or another", e);
        }
    }

    private static String decode(Path file, byte[] bytes, Optional<Charset> encoding) throws IOException {
        Charset charset = encoding.orElse(StandardCharsets.UTF_8);
        ByteBuffer from = ByteBuffer.wrap(bytes);
        CharsetDecoder decoder = charset.newDecoder();
        CharBuffer to = CharBuffer.allocate((int) Math.ceil(bytes.length * (double) decoder.maxCharsPerByte()) + 1);
        CoderResult result = decoder.decode(from, to, true);
        if (!result.isError()) {
            result = decoder.flush(to);
        }
        if (!result.isError()) {
            return to.flip().toString();
        }
        if (encoding.isPresent()) {
            throw new IOException(file + ": is not " + charset.name() + "; choose another --encoding");
        }
        boolean wide = bytes.length > 1 && (bytes[0] & 0xff) + (bytes[1] & 0xff) == 0xfe + 0xff;
        int line = 1;
        for (int i = 0; i < from.position(); i++) {
            line += bytes[i] == '\n' ? 1 : 0;
        }
        String where = String.format(Locale.ROOT, "line %d, byte 0x%02X", line, bytes[from.position()] & 0xff);
        throw new IOException(file + ": is not UTF-8 (" + where + "); it looks like "
                + (wide ? "UTF-16: give --encoding utf-16" : "Latin-1: give --encoding latin-1 (or windows-1252)")
                + ", or save it as UTF-8");
    }

    /** The separator that spreadsheets write into a separate first line. */
    static Optional<Character> declared(String text) {
        String first = text.lines().findFirst().orElse("").strip();
        return first.length() == 5 && first.startsWith("sep=") ? Optional.of(first.charAt(4)) : Optional.empty();
    }

    /** Returns the most frequent separator of the header, outside of quotes. */
    static char separator(String text) {
        int[] counts = new int[SEPARATORS.length()];
        boolean quoted = false;
        boolean start = true;
        for (int i = 0; i < text.length() && (quoted || text.charAt(i) != '\n'); i++) {
            char c = text.charAt(i);
            int kind = SEPARATORS.indexOf(c);
            if (quoted && c == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"') {
                i++;
            } else if (c == '"') {
                // Within a name a quote is a character like others.
                quoted = !quoted && start;
                start = false;
            } else if (!quoted && kind >= 0) {
                counts[kind]++;
                start = true;
            } else {
                start &= c == ' ';
            }
        }
        int most = 0;
        for (int k = 1; k < counts.length; k++) {
            most = counts[k] > counts[most] ? k : most;
        }
        return SEPARATORS.charAt(most);
    }

    /** Splits a text into cells. */
    private static final class Parser {
        private final Path file;
        private final String text;
        private final char separator;
        private final List<Line> lines = new ArrayList<>();
        private List<String> cells = new ArrayList<>();
        private boolean anyQuoted;
        private int line;
        private int started;

        Parser(Path file, String text, char separator, int firstLine) {
            this.file = file;
            this.text = text.replace("\r\n", "\n").replace('\r', '\n');
            this.separator = separator;
            this.line = firstLine;
            this.started = firstLine;
        }

        List<Line> lines() throws IOException {
            int at = 0;
            while (at < text.length()) {
                at = cell(at);
            }
            if (!cells.isEmpty()) {
                endLine();
            }
            return lines;
        }

        /** Reads one cell. Returns where the next begins. */
        private int cell(int from) throws IOException {
            StringBuilder cell = new StringBuilder();
            int at = from;
            while (at < text.length() && text.charAt(at) == ' ') {
                at++;
            }
            if (at < text.length() && text.charAt(at) == '"') {
                at = quoted(at + 1, cell);
                anyQuoted = true;
            }
            while (at < text.length() && text.charAt(at) != separator && text.charAt(at) != '\n') {
                cell.append(text.charAt(at++));
            }
            cells.add(cell.toString().strip());
            if (at == text.length()) {
                return at;
            }
            if (text.charAt(at) == '\n') {
                endLine();
            } else if (at + 1 == text.length()) {
                cells.add("");
            }
            return at + 1;
        }

        private int quoted(int from, StringBuilder cell) throws IOException {
            int opened = line;
            int at = from;
            while (at < text.length()) {
                char c = text.charAt(at);
                if (c == '"' && at + 1 < text.length() && text.charAt(at + 1) == '"') {
                    cell.append('"');
                    at += 2;
                } else if (c == '"') {
                    return at + 1;
                } else {
                    line += c == '\n' ? 1 : 0;
                    cell.append(c);
                    at++;
                }
            }
            throw new IOException(file + ": line " + opened + " ends inside of quotes");
        }

        private void endLine() {
            if (cells.size() > 1 || !cells.get(0).isEmpty() || anyQuoted) {
                lines.add(new Line(started, List.copyOf(cells)));
            }
            cells = new ArrayList<>();
            anyQuoted = false;
            line++;
            started = line;
        }
    }
}
