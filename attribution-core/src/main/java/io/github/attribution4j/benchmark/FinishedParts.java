// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmark;

import io.github.attribution4j.Provenance;
import io.github.attribution4j.internal.Json;
import io.github.attribution4j.internal.numeric.Digests;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The file of finished judgements: a line of JSON for each, with a key made of all that its numbers follow from. A line
 * that was not written to its end is not used.
 */
final class FinishedParts implements AutoCloseable {
    private static final String START = "{\"key\":\"";

    /** By key the line with the judgement. */
    private final Map<String, String> lines;

    private final @Nullable RandomAccessFile file;

    private FinishedParts(Map<String, String> lines, @Nullable RandomAccessFile file) {
        this.lines = lines;
        this.file = file;
    }

    /** Returns one without a file, which has nothing and keeps nothing. */
    static FinishedParts none() {
        return new FinishedParts(Map.of(), null);
    }

    /**
     * Opens a file that no other run has open; a new one if it does not exist.
     *
     * @throws InvalidRequestException if the model cannot be told from others
     */
    static FinishedParts open(Path path, Model model) throws IOException {
        if (model.identity().isVague()) {
            throw new InvalidRequestException(
                    List.of("benchmark: model '" + model.identity().name()
                            + "' has neither a version nor a digest, so that results of another model in "
                            + path
                            + " could not be told from its own; make it with a name and a version, or leave"
                            + " the file out"));
        }
        Map<String, String> lines = new HashMap<>();
        if (Files.exists(path)) {
            try (Stream<String> read = Files.lines(path, StandardCharsets.UTF_8)) {
                read.forEach(line -> {
                    int end = line.indexOf('"', START.length());
                    if (line.startsWith(START) && line.endsWith("}}") && end > 0) {
                        lines.put(line.substring(START.length(), end), line);
                    }
                });
            }
        }
        RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
        try {
            lock(file.getChannel());
            file.seek(file.length());
            if (file.length() > 0) {
                file.seek(file.length() - 1);
                if (file.read() != '\n') {
                    file.write('\n');
                }
            }
            return new FinishedParts(lines, file);
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /** Takes the file until it is closed. */
    private static void lock(FileChannel channel) throws IOException {
        try {
            if (channel.tryLock() != null) {
                return;
            }
        } catch (OverlappingFileLockException e) {
            throw new IOException("another benchmark of this program writes to the file; give each its own", e);
        }
        throw new IOException("another program writes to the file; give each its own");
    }

    /** Returns the digests of inputs, in order. */
    static List<String> digests(Inputs inputs) {
        List<String> digests = new ArrayList<>();
        for (Inputs.Input input : inputs.all()) {
            digests.add(input.name() + " " + input.role() + " " + input.rowAxis() + " "
                    + Provenance.digest(input.tensor()));
        }
        return digests;
    }

    /** Returns one digest of texts. */
    static String digest(List<String> texts) {
        return Digests.ofTexts(texts);
    }

    /** Returns what tells a part from others: all but method and metric that its numbers follow from. */
    String key(Model model, Inputs inputs, Target target, Run run, long[] exampleKeys) {
        if (file == null) {
            return "";
        }
        List<String> all = new ArrayList<>(digests(inputs));
        all.add(Provenance.libraryVersion());
        all.add(model.identity().toString());
        all.add(target.describe());
        all.add(Long.toString(run.seed()));
        all.add(run.batching().toString());
        all.add(Arrays.toString(exampleKeys));
        return digest(all);
    }

    /** Returns what tells a judgement from others. */
    String key(String part, String method, String metric) {
        return file == null ? "" : digest(List.of(part, method, metric));
    }

    boolean has(String key) {
        return lines.containsKey(key);
    }

    /** Returns the judgement of a key that it {@link #has}. */
    Judgement get(String key) {
        return Judgement.fromJson(
                Json.read(lines.getOrDefault(key, "{}")).object("judgement").toString());
    }

    /** Keeps a judgement. */
    void add(String key, Judgement judgement) throws IOException {
        if (file != null) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("key", key);
            line.put("judgement", Json.read(judgement.toJson()).members());
            file.write((Json.line(line) + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }
}
