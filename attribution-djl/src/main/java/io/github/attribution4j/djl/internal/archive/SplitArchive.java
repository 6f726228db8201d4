// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Splits an archive into a small frame and the bytes of large parameters. The frame is an archive itself: it holds the
 * program, the object tree and everything small. In the frame, large parameters keep their types, shapes and strides,
 * but their storages have no elements. So libtorch compiles the frame without reading, and without anybody writing,
 * most of the file. The parameters must get their bytes before the program runs.
 *
 * <p>A storage is left out only if nothing but parameters of modules lie in it, because a loaded module gives access to
 * those by name. Buffers, constants and the content of lists stay in the frame.
 */
public final class SplitArchive {

    /**
     * The bytes of a storage that the frame lacks.
     *
     * @param entry the entry of the original archive
     * @param bytes the number of bytes
     * @param parameters the dotted names of all parameters that lie in the storage
     */
    public record Part(String entry, long bytes, List<String> parameters) {}

    /** Smaller storages stay in the frame: copying them costs less than a call for each. */
    private static final long LEAST = 1 << 14;

    /** The largest number of bytes that one Java buffer can address. */
    private static final long MOST = Integer.MAX_VALUE - 8;

    /** The most bytes that a frame may hold in memory. */
    private static final long FRAME = 8L << 20;

    private static final String DATA = "data/";
    private static final byte[] ZERO = {'K', 0};
    private static final Pattern MODULE =
            Pattern.compile("^class (\\w+)\\(Module\\):\\n {2}__parameters__ = \\[(.*)]$", Pattern.MULTILINE);
    private static final Pattern NAME = Pattern.compile("\"([^\"\\\\]*)\"");

    private final TorchArchive original;
    private final TorchArchive frame;
    private final List<Part> parts;

    private SplitArchive(TorchArchive original, TorchArchive frame, List<Part> parts) {
        this.original = original;
        this.frame = frame;
        this.parts = parts;
    }

    /**
     * Splits an archive.
     *
     * @param archive not changed; {@link #read} reads its file again
     * @return both parts. If too much would have to stay in the frame, the frame is the archive itself and there are no
     *     parts.
     * @throws ArchiveException if the object tree is damaged
     */
    public static SplitArchive of(TorchArchive archive) {
        SplitArchive whole = new SplitArchive(archive, archive, List.of());
        byte[] pickle = archive.entry("data.pkl");
        byte[] order = archive.entry("byteorder");
        boolean swapped = order != null && order.length > 0 && order[0] == 'b';
        // A class that restores its own state may look at its tensors while the archive is loaded.
        if (pickle == null
                || swapped
                || archive.code().values().stream().anyMatch(text -> text.contains("__setstate__"))) {
            return whole;
        }
        // The archive's own reader checks more than this one, which only records places.
        PickleValue.Instance checked = archive.root();
        PickleReader reader = new PickleReader(archive.name(), "data.pkl", pickle, null);
        reader.read();
        Owners owners = new Owners(parameters(archive));
        owners.module(checked, "");
        Set<String> fixed = new HashSet<>(owners.others);
        for (PickleReader.Count count : reader.counts()) {
            String key = count.storage().key();
            ZipMember member = archive.member(DATA + key);
            if (member == null
                    || count.start() < 0
                    || member.method() != ZipMember.STORED
                    || member.size() < LEAST
                    || member.size() > MOST
                    || member.size() != Storages.bytes(count.storage())) {
                fixed.add(key);
            }
        }
        List<Part> parts = new ArrayList<>();
        Set<String> without = new HashSet<>();
        long left = archive.tensorBytes();
        for (Map.Entry<String, List<String>> owner : owners.parameters.entrySet()) {
            ZipMember member = archive.member(DATA + owner.getKey());
            if (member != null && !fixed.contains(owner.getKey())) {
                parts.add(new Part(DATA + owner.getKey(), member.size(), List.copyOf(owner.getValue())));
                without.add(DATA + owner.getKey());
                left -= member.size();
            }
        }
        if (parts.isEmpty() || left > FRAME) {
            return whole;
        }
        byte[] emptied = emptied(pickle, reader.counts(), without);
        return new SplitArchive(archive, archive.inMemory(without, Map.of("data.pkl", emptied)), List.copyOf(parts));
    }

    /** Sets the element counts of some storages to 0. */
    private static byte[] emptied(byte[] pickle, List<PickleReader.Count> counts, Set<String> entries) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(pickle.length);
        int done = 0;
        for (PickleReader.Count count : counts.stream()
                .sorted(Comparator.comparingInt(PickleReader.Count::start))
                .toList()) {
            if (entries.contains(DATA + count.storage().key())) {
                out.write(pickle, done, count.start() - done);
                out.writeBytes(ZERO);
                done = count.end();
            }
        }
        out.write(pickle, done, pickle.length - done);
        return out.toByteArray();
    }

    /** The names of the parameters of each module class, by the qualified name of the class. */
    static Map<String, Set<String>> parameters(TorchArchive archive) {
        Map<String, Set<String>> parameters = new HashMap<>();
        archive.code().forEach((path, text) -> {
            String module = path.substring(0, path.length() - ".py".length()).replace('/', '.');
            Matcher type = MODULE.matcher(text);
            while (type.find()) {
                Set<String> names = new HashSet<>();
                NAME.matcher(type.group(2)).results().forEach(name -> names.add(name.group(1)));
                parameters.put(module + "." + type.group(1), names);
            }
        });
        return parameters;
    }

    /** Walks the object tree and records which parameters and other values lie in which storage. */
    private static final class Owners {
        private final Map<String, Set<String>> types;
        private final Set<PickleValue> modules = Collections.newSetFromMap(new IdentityHashMap<>());
        private final Set<PickleValue> values = Collections.newSetFromMap(new IdentityHashMap<>());
        final Map<String, List<String>> parameters = new LinkedHashMap<>();
        final Set<String> others = new HashSet<>();

        Owners(Map<String, Set<String>> types) {
            this.types = types;
        }

        /** Visits a module. A module that has several names counts by the first. */
        void module(PickleValue.Instance module, String prefix) {
            Set<String> own = types.get(module.type());
            if (own == null) {
                value(module);
            } else if (modules.add(module)) {
                module.attributes().forEach((name, value) -> {
                    if (value instanceof PickleValue.TensorRef tensor && own.contains(name)) {
                        parameters
                                .computeIfAbsent(tensor.storage(), key -> new ArrayList<>())
                                .add(prefix + name);
                    } else if (value instanceof PickleValue.Instance inner) {
                        module(inner, prefix + name + ".");
                    } else {
                        value(value);
                    }
                });
            }
        }

        private void value(@Nullable PickleValue value) {
            if (value == null || !values.add(value)) {
                return;
            }
            if (value instanceof PickleValue.TensorRef tensor) {
                others.add(tensor.storage());
            } else if (value instanceof PickleValue.Storage storage) {
                others.add(storage.key());
            } else {
                PickleShape.parts(value).forEach(this::value);
            }
        }
    }

    /** {@return the archive without the parts, in memory; or the whole one, if there are no parts} */
    public TorchArchive frame() {
        return frame;
    }

    /** {@return what the frame lacks} */
    public List<Part> parts() {
        return parts;
    }

    /**
     * Reads a part.
     *
     * @param part one of {@link #parts()}
     * @param target filled up to its limit
     * @throws ArchiveException if the file cannot be read, or was changed
     */
    public void read(Part part, ByteBuffer target) {
        original.readStored(part.entry(), target);
    }
}
