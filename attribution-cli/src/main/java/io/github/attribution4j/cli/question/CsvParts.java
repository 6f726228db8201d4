// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import java.io.BufferedReader;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A .csv file that is read in parts, so that it may have any number of rows. Which columns are features is decided by
 * the first part.
 */
final class CsvParts implements RowParts {
    /** A quote that nobody closes must not take the rest of a large file into memory. */
    private static final int LONGEST_ROW = 1 << 24;

    private final Path file;
    private final List<String> dropped;
    private final int size;
    private final CountedStream bytes;
    private final BufferedReader reader;
    private final long length;
    /** Zero until the header is read. */
    private char separator;

    private int line;
    private long rows;
    private CsvText.@Nullable Line header;
    private CsvTable.@Nullable Cells like;

    private CsvParts(Path file, List<String> dropped, Optional<Charset> encoding, int size) throws IOException {
        this.file = file;
        this.dropped = dropped;
        this.size = size;
        length = Files.size(file);
        bytes = new CountedStream(Files.newInputStream(file));
        reader = new BufferedReader(new InputStreamReader(
                bytes, encoding.orElse(StandardCharsets.UTF_8).newDecoder()));
    }

    /**
     * Opens the input of options.
     *
     * @param size rows of a part, at least 1
     */
    static CsvParts open(InputOptions options, int size) throws IOException {
        Path file = options.requiredInput();
        InputFile.Reading reading = options.reading();
        if (reading.schema().isPresent() && reading.schema().get().encoder() == null) {
            throw new IllegalArgumentException("--schema " + options.schema + ": categories are inferred from all rows,"
                    + " and this table is read in parts; write them to a file ('explain' prints them), and give"
                    + " --schema FILE");
        }
        return new CsvParts(file, reading.dropped(), reading.encoding(), size);
    }

    /**
     * Some rows of the file.
     *
     * @param like how cells are read
     */
    private record Lines(long first, List<CsvText.Line> lines, CsvTable.Cells like) implements Part {
        @Override
        public int size() {
            return lines.size();
        }

        @Override
        public void identify(int row, MessageDigest digest) {
            for (List<String> texts : List.of(like.header(), lines.get(row).cells())) {
                for (String text : texts) {
                    digest.update(text.getBytes(StandardCharsets.UTF_8));
                    digest.update((byte) 0);
                }
            }
        }

        @Override
        public void use(List<Integer> rows, InputOptions options) throws IOException {
            CsvTable.Cells cells = like.with(rows.stream().map(lines::get).toList());
            options.chosen = Chosen.of(this, rows, (reading, tensors) -> InputFile.of(cells, reading, tensors));
        }
    }

    @Override
    public @Nullable Part next() throws IOException {
        CsvText.Line names = names();
        StringBuilder text = new StringBuilder();
        int from = line + 1;
        int count = 0;
        for (String record = row(); record != null; record = count < size ? row() : null) {
            text.append(record).append('\n');
            count += record.isBlank() && record.indexOf(separator) < 0 ? 0 : 1;
        }
        List<CsvText.Line> lines = CsvText.lines(file, text.toString(), separator, from);
        CsvTable.Cells known = like;
        if (lines.isEmpty() && known != null) {
            return null;
        }
        if (known == null) {
            // A row with too few or too many cells fails alone, here as later.
            List<CsvText.Line> whole = lines.stream()
                    .filter(one -> one.cells().size() == names.cells().size())
                    .toList();
            known = CsvTable.cells(file, separator, names, whole.isEmpty() ? lines : whole, dropped);
            like = known;
        }
        Part part = new Lines(rows, lines, known);
        rows += lines.size();
        return part;
    }

    private CsvText.Line names() throws IOException {
        CsvText.Line read = header;
        if (read == null) {
            read = header();
            header = read;
        }
        return read;
    }

    @Override
    public double fraction() {
        return length == 0 ? 1 : Math.min(1, (double) bytes.count / length);
    }

    private CsvText.Line header() throws IOException {
        String first = physical();
        if (first != null && !first.isEmpty() && first.charAt(0) == CsvText.BYTE_ORDER_MARK) {
            first = first.substring(1);
        }
        Optional<Character> declared = CsvText.declared(first == null ? "" : first);
        if (declared.isPresent()) {
            first = physical();
        }
        while (first != null && first.isBlank()) {
            first = physical();
        }
        if (first == null) {
            throw new IOException(file + ": is empty; the first line names the columns");
        }
        int from = line;
        String whole = rest(first);
        separator = declared.orElse(CsvText.separator(whole));
        return CsvText.lines(file, whole, separator, from).get(0);
    }

    private @Nullable String row() throws IOException {
        String first = physical();
        return first == null ? null : rest(first);
    }

    /** Returns a line with those that follow it within quotes. */
    private String rest(String first) throws IOException {
        boolean quoted = endsQuoted(first, false);
        if (!quoted) {
            return first;
        }
        StringBuilder all = new StringBuilder(first);
        int from = line;
        while (quoted) {
            if (all.length() > LONGEST_ROW) {
                throw new IOException(file + ": a quote opens in line " + from + " and is not closed in " + LONGEST_ROW
                        + " characters; close it, or write two quotes for one");
            }
            String next = physical();
            if (next == null) {
                return all.toString();
            }
            all.append('\n').append(next);
            quoted = endsQuoted(next, true);
        }
        return all.toString();
    }

    /** Returns whether a line ends inside of quotes; a quote opens at the start of a cell only. */
    private boolean endsQuoted(String text, boolean before) {
        boolean quoted = before;
        boolean start = !before;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quoted) {
                if (c == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"') {
                    i++;
                } else if (c == '"') {
                    quoted = false;
                }
            } else if (separator == 0 ? CsvText.SEPARATORS.indexOf(c) >= 0 : c == separator) {
                start = true;
            } else if (start && c == '"') {
                quoted = true;
                start = false;
            } else if (c != ' ') {
                start = false;
            }
        }
        return quoted;
    }

    private @Nullable String physical() throws IOException {
        try {
            String text = reader.readLine();
            line += text == null ? 0 : 1;
            return text;
        } catch (CharacterCodingException e) {
            throw new IOException(
                    file + ": is not in the expected encoding after line " + line
                            + "; give --encoding latin-1, windows-1252 or utf-16, or save it as UTF-8",
                    e);
        }
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }

    /** Counts the bytes read. */
    private static final class CountedStream extends FilterInputStream {
        private long count;

        CountedStream(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int one = super.read();
            count += one < 0 ? 0 : 1;
            return one;
        }

        @Override
        public int read(byte[] to, int from, int length) throws IOException {
            int read = super.read(to, from, length);
            count += Math.max(0, read);
            return read;
        }
    }
}
