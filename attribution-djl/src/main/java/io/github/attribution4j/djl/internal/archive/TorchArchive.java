// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import io.github.attribution4j.djl.internal.archive.ArchiveException.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A TorchScript archive: a zip that holds the program as text, the object tree as a pickle, and the tensors as raw
 * bytes. This class opens an archive without libtorch, gives access to text and object tree, and writes copies with
 * other text. It is immutable and thread-safe. It needs no closing, because a file is opened only while it is used. The
 * file must not change until the last copy has been written.
 */
public final class TorchArchive {
    /** The newest format version that libtorch 2.7.1 reads. */
    public static final int NEWEST_VERSION = 10;

    static final String CODE = "code/";
    private static final String DEBUG = ".debug_pkl";

    /** Example inputs of traces, and files that users added. libtorch reads them on request only. */
    private static final Pattern UNUSED = Pattern.compile("(traced_inputs|extra)(/.*|\\.pkl)");

    private final String name;
    private final ByteSource source;
    private final Map<String, ZipMember> members;
    private final String folder;
    private final int version;
    private final Map<String, String> code;
    private final Map<String, String> changed;
    /** Entries with other bytes than those of the source, by name. */
    private final Map<String, byte[]> replaced;

    private final Limits limits;
    private volatile PickleValue.@Nullable Instance root;

    TorchArchive(
            String name,
            ByteSource source,
            Map<String, ZipMember> members,
            String folder,
            int version,
            Map<String, String> code,
            Map<String, String> changed,
            Map<String, byte[]> replaced,
            Limits limits) {
        this.name = name;
        this.source = source;
        this.members = members;
        this.folder = folder;
        this.version = version;
        this.code = code;
        this.changed = changed;
        this.replaced = replaced;
        this.limits = limits;
    }

    /**
     * Opens a file. Reads the directory and the program, not the tensors.
     *
     * @param file a {@code .pt} file
     * @return the archive
     * @throws ArchiveException if it is missing or not a TorchScript archive
     */
    public static TorchArchive read(Path file) {
        String name = file.toString();
        if (!Files.exists(file)) {
            throw new ArchiveException(Reason.MISSING_FILE, name + ": no such file");
        }
        if (!Files.isRegularFile(file)) {
            throw new ArchiveException(Reason.UNREADABLE, name + ": is not a file");
        }
        try {
            return ArchiveReader.read(name, ByteSource.OnDisk.of(file), Limits.DEFAULT);
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }

    /**
     * Reads a stream to its end. The bytes stay in memory.
     *
     * @param stream the bytes of a {@code .pt} file; not closed
     * @return the archive
     * @throws ArchiveException if it is not a TorchScript archive
     */
    public static TorchArchive read(InputStream stream) {
        try {
            return read("stream", stream.readAllBytes());
        } catch (IOException e) {
            throw unreadable("stream", e);
        } catch (OutOfMemoryError e) {
            throw new ArchiveException(
                    Reason.TOO_LARGE, "stream: does not fit into memory; save it to a file and load that", e);
        }
    }

    /**
     * Opens an archive in memory.
     *
     * @param name what messages call it
     * @param bytes the bytes of a {@code .pt} file; not copied, must not change
     * @return the archive
     * @throws ArchiveException if it is not a TorchScript archive
     */
    public static TorchArchive read(String name, byte[] bytes) {
        try {
            return ArchiveReader.read(name, new ByteSource.InMemory(bytes), Limits.DEFAULT);
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }

    /**
     * Makes an archive from nothing.
     *
     * @param name what messages call it, and the name of the folder inside
     * @param entries the content by name within the folder
     * @return the archive
     */
    public static TorchArchive of(String name, Map<String, byte[]> entries) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ZipEmitter zip = new ZipEmitter(Channels.newChannel(bytes));
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.store(name + "/" + entry.getKey(), entry.getValue());
            }
            zip.finish();
        } catch (IOException e) {
            throw unreadable(name, e);
        }
        return read(name, bytes.toByteArray());
    }

    /** {@return the name of this archive in messages: its path if it is a file} */
    public String name() {
        return name;
    }

    /** {@return whether the bytes are in memory rather than in a file that is read again when needed} */
    public boolean isInMemory() {
        return source instanceof ByteSource.InMemory;
    }

    /** {@return the format version, which depends on the operators used} */
    public int version() {
        return version;
    }

    /** {@return the source text by path below {@code code/}, for example {@code __torch__/torch/nn/modules/conv.py}} */
    public Map<String, String> code() {
        return code;
    }

    /** {@return the same archive, all in memory, so that it no longer needs its file} */
    public TorchArchive inMemory() {
        if (source instanceof ByteSource.InMemory) {
            return this;
        }
        ByteSource bytes =
                reading((reader, zip) -> new ByteSource.InMemory(reader.read(0, Math.toIntExact(source.size()))));
        return new TorchArchive(name, bytes, members, folder, version, code, changed, replaced, limits);
    }

    /** Returns a copy in memory that lacks some entries and has other bytes for others. */
    TorchArchive inMemory(Set<String> without, Map<String, byte[]> bytesOf) {
        TorchArchive copy = reading((reader, zip) -> {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            ZipEmitter emitter = new ZipEmitter(Channels.newChannel(bytes));
            for (Map.Entry<String, ZipMember> entry : members.entrySet()) {
                byte[] other = bytesOf.get(entry.getKey());
                if (other != null) {
                    emitter.store(folder + entry.getKey(), other);
                } else if (!without.contains(entry.getKey())) {
                    emitter.copy(entry.getValue(), reader, zip.dataOf(entry.getValue()));
                }
            }
            emitter.finish();
            return ArchiveReader.read(name, new ByteSource.InMemory(bytes.toByteArray()), limits);
        });
        copy.root = root();
        return changed.isEmpty() ? copy : copy.withCode(changed);
    }

    /** A use of the opened bytes. */
    private interface Use<T> {
        T of(ByteSource.Reader reader, ZipDirectory zip) throws IOException;
    }

    private <T> T reading(Use<T> use) {
        try (ByteSource.Reader reader = source.open()) {
            return use.of(reader, new ZipDirectory(name, reader, source.size(), limits));
        } catch (ArchiveException e) {
            throw TextMode.explained(e, name, source);
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }

    /** {@return an entry of the directory, or null} */
    @Nullable
    ZipMember member(String entry) {
        return members.get(entry);
    }

    /** Reads an entry that is stored uncompressed. */
    void readStored(String entry, ByteBuffer target) {
        ZipMember member = members.get(entry);
        if (member == null || member.method() != ZipMember.STORED || member.size() != target.remaining()) {
            throw new IllegalArgumentException("entry '" + entry + "' is not stored as it is, with so many bytes");
        }
        reading((reader, zip) -> {
            reader.readFully(zip.dataOf(member), target);
            return target;
        });
    }

    /** {@return the number of bytes of all tensors} */
    public long tensorBytes() {
        return members.entrySet().stream()
                .filter(entry ->
                        entry.getKey().startsWith("data/") || entry.getKey().startsWith("constants/"))
                .mapToLong(entry -> entry.getValue().size())
                .sum();
    }

    /** {@return the names of all entries below the top folder, sorted} */
    public Set<String> entries() {
        return Collections.unmodifiableSet(new TreeSet<>(members.keySet()));
    }

    /**
     * Reads a small entry, uncompressed.
     *
     * @param entry a name as in {@link #entries()}
     * @return its bytes, or null if there is no such entry
     * @throws ArchiveException if it is damaged or larger than a text may be
     */
    public byte @Nullable [] entry(String entry) {
        ZipMember member = members.get(entry);
        if (member == null) {
            return null;
        }
        return reading((reader, zip) -> zip.read(member));
    }

    /** {@return the bytes of an entry of any size, uncompressed} */
    byte[] large(String entry) {
        byte[] other = replaced.get(entry);
        if (other != null) {
            return other.clone();
        }
        ZipMember member = members.get(entry);
        if (member == null) {
            throw new IllegalArgumentException("entry '" + entry + "' does not exist");
        }
        Limits anySize = new Limits(limits.entries(), Integer.MAX_VALUE - 8, limits.texts(), limits.ratio());
        return reading((reader, zip) -> new ZipDirectory(name, reader, source.size(), anySize).read(member));
    }

    /**
     * {@return the object tree of the root module}
     *
     * @throws ArchiveException if the pickle is damaged or does not hold a module
     */
    public PickleValue.Instance root() {
        PickleValue.Instance known = root;
        if (known != null) {
            return known;
        }
        PickleValue value = pickle("data");
        if (value instanceof PickleValue.Instance instance) {
            root = instance;
            return instance;
        }
        throw new ArchiveException(
                Reason.CHECKPOINT,
                name + ": holds " + value.kind()
                        + " and not a module; save the model with torch.jit.script or torch.jit.trace");
    }

    /**
     * {@return the values that the program calls {@code CONSTANTS.c0} and so on}
     *
     * @throws ArchiveException if the pickle is damaged or does not hold a tuple
     */
    public List<PickleValue> constants() {
        PickleValue value = pickle("constants");
        if (value instanceof PickleValue.Sequence sequence) {
            return sequence.items();
        }
        throw new ArchiveException(
                Reason.CORRUPT,
                name + ": its constants.pkl holds " + value.kind() + " and not a tuple; export the model again");
    }

    private PickleValue pickle(String what) {
        String entry = what + ".pkl";
        byte[] bytes = entry(entry);
        return new PickleReader(name, entry, bytes == null ? new byte[0] : bytes, new Storages(what + "/", members))
                .read();
    }

    /**
     * Reads the whole file once. Computes its digest, and checks every entry that {@link #writeTo} would copy, because
     * libtorch itself checks no checksums.
     *
     * @return the SHA-256 digest of the file's bytes, in hexadecimal
     * @throws ArchiveException if an entry does not match its checksum
     */
    public String verify() {
        try (ByteSource.Reader reader = source.open();
                Checksums checksums = new Checksums(name)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            ZipDirectory zip = new ZipDirectory(name, reader, source.size(), limits);
            for (ZipMember member : members.values()) {
                checksums.add(member, zip.dataOf(member));
            }
            byte[] chunk = new byte[1 << 16];
            for (long done = 0; done < source.size(); done += chunk.length) {
                int n = (int) Math.min(chunk.length, source.size() - done);
                reader.readFully(done, chunk, 0, n);
                digest.update(chunk, 0, n);
                checksums.update(chunk, n);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (ArchiveException e) {
            throw TextMode.explained(e, name, source);
        } catch (IOException e) {
            throw unreadable(name, e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /**
     * Returns a copy with other source text. The copy lacks source ranges ({@code .debug_pkl}), because they would
     * point to wrong lines, and files that only people read, such as example inputs. Everything else stays.
     *
     * @param texts new or replaced text by path below {@code code/}
     * @return the copy; {@link #verify} and {@link #name} remain those of the original file
     */
    public TorchArchive withCode(Map<String, String> texts) {
        Map<String, String> newCode = new LinkedHashMap<>(code);
        newCode.putAll(texts);
        Map<String, String> newChanged = new LinkedHashMap<>(changed);
        newChanged.putAll(texts);
        Map<String, ZipMember> newMembers = new LinkedHashMap<>(members);
        newMembers
                .keySet()
                .removeIf(entry -> (entry.startsWith(CODE) && entry.endsWith(DEBUG))
                        || UNUSED.matcher(entry).matches());
        TorchArchive copy = new TorchArchive(
                name,
                source,
                newMembers,
                folder,
                version,
                Collections.unmodifiableMap(newCode),
                newChanged,
                replaced,
                limits);
        copy.root = root;
        return copy;
    }

    /**
     * Returns a copy with other bytes for some tensors.
     *
     * @param bytes by entry, such as {@code data/0}; as many as before
     * @return the copy; it shares everything else
     */
    public TorchArchive withEntries(Map<String, byte[]> bytes) {
        Map<String, byte[]> all = new HashMap<>(replaced);
        all.putAll(bytes);
        TorchArchive copy =
                new TorchArchive(name, source, members, folder, version, code, changed, Map.copyOf(all), limits);
        copy.root = root;
        return copy;
    }

    /**
     * Writes the archive. Unchanged entries are copied as they are stored, never decompressed.
     *
     * @param out where to; not closed
     * @throws IOException if reading or writing fails
     */
    public void writeTo(OutputStream out) throws IOException {
        writeTo(Channels.newChannel(out));
        out.flush();
    }

    private void writeTo(WritableByteChannel out) throws IOException {
        ZipEmitter emitter = new ZipEmitter(out);
        emitData(emitter);
        emitCode(emitter);
        emitter.finish();
    }

    /** Writes all entries but the program. */
    void emitData(ZipEmitter emitter) throws IOException {
        copy(emitter, false);
    }

    /** Writes the program. */
    void emitCode(ZipEmitter emitter) throws IOException {
        copy(emitter, true);
        for (Map.Entry<String, String> entry : changed.entrySet()) {
            emitter.store(folder + CODE + entry.getKey(), entry.getValue().getBytes(StandardCharsets.UTF_8));
        }
    }

    private void copy(ZipEmitter emitter, boolean program) throws IOException {
        try (ByteSource.Reader reader = source.open()) {
            ZipDirectory zip = new ZipDirectory(name, reader, source.size(), limits);
            for (Map.Entry<String, ZipMember> entry : members.entrySet()) {
                boolean isCode = entry.getKey().startsWith(CODE);
                byte[] other = replaced.get(entry.getKey());
                if (other != null && !program) {
                    emitter.store(folder + entry.getKey(), other);
                } else if (isCode == program
                        && !(isCode && changed.containsKey(entry.getKey().substring(CODE.length())))) {
                    emitter.copy(entry.getValue(), reader, zip.dataOf(entry.getValue()));
                }
            }
        }
    }

    /**
     * Writes the archive to a file, replacing it.
     *
     * @param file where to; not the file it was read from
     * @throws IOException if reading or writing fails
     */
    public void writeTo(Path file) throws IOException {
        if (source instanceof ByteSource.OnDisk disk && Files.exists(file) && Files.isSameFile(disk.file(), file)) {
            throw new IllegalArgumentException(
                    "file " + file + " is the one the archive was read from, which is never changed");
        }
        try (FileChannel out = FileChannel.open(
                file, StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING)) {
            writeTo(out);
        }
    }

    /** {@return the archive in memory} */
    public byte[] toBytes() {
        ByteArrayOutputStream bytes =
                new ByteArrayOutputStream((int) Math.min(Integer.MAX_VALUE - 16, source.size() + 65536));
        try {
            writeTo(bytes);
        } catch (IOException e) {
            throw unreadable(name, e);
        }
        return bytes.toByteArray();
    }

    private static ArchiveException unreadable(String name, IOException cause) {
        String why = cause instanceof AccessDeniedException ? "permission denied" : String.valueOf(cause.getMessage());
        return new ArchiveException(Reason.UNREADABLE, name + ": cannot be read: " + why, cause);
    }
}
