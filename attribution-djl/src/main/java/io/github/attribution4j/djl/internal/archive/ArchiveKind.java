// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import io.github.attribution4j.djl.internal.archive.ArchiveException.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Tells a TorchScript archive from the other files that people call {@code model.pt}: checkpoints, exported programs,
 * web pages, compressed files. It looks at the first bytes and at the names of the entries. A file of another kind is
 * refused with a message that says what the file is and how to get an archive.
 */
final class ArchiveKind {
    private static final String EXPORT_SCRIPT =
            "export the model with torch.jit.script or torch.jit.trace and save that";

    private static final Map<String, String> PACKED = Map.of(
            "\u001F\u008B", "gzip",
            "BZh", "bzip2",
            "\u00FD7zXZ", "xz",
            "(\u00B5/\u00FD", "zstd",
            "7z\u00BC\u00AF", "7-Zip");

    private ArchiveKind() {}

    static void checkMagic(String file, ByteSource.Reader reader, long size) throws IOException {
        if (size == 0) {
            throw new ArchiveException(Reason.EMPTY, file + ": is empty");
        }
        byte[] start = reader.read(0, (int) Math.min(16, size));
        if (start.length >= 4 && start[0] == 'P' && start[1] == 'K' && (start[2] == 3 || start[2] == 5)) {
            return;
        }
        if (start.length < 4 && start[0] == 'P') {
            throw new ArchiveException(
                    Reason.TRUNCATED, file + ": has only " + size + " bytes; the file was cut off, copy it again");
        }
        boolean pickle = start.length >= 2 && (start[0] & 0xFF) == 0x80 && start[1] >= 2 && start[1] <= 5;
        if (pickle) {
            throw new ArchiveException(
                    Reason.CHECKPOINT,
                    file + ": is a pickled checkpoint, which holds weights and no program; " + EXPORT_SCRIPT);
        }
        throw new ArchiveException(Reason.NOT_A_ZIP, file + ": is " + kind(reader.read(0, (int) Math.min(512, size))));
    }

    /** Returns what a file is if it is no zip, and what to do about it. */
    private static String kind(byte[] start) {
        String text = new String(start, StandardCharsets.ISO_8859_1);
        String word = text.replaceFirst("^\\u00EF\\u00BB\\u00BF", "").strip().toLowerCase(Locale.ROOT);
        if (word.startsWith("<")) {
            return "a web page or an error message of a server (it begins with '"
                    + word.replaceAll("[^ -~].*", "").replaceAll("(.{40}).*", "$1")
                    + "') and no model; look at what the download gave, and download it again";
        }
        if (text.startsWith("version https://git-lfs.github.com/")) {
            return "a pointer of Git LFS and not the model itself; fetch it with 'git lfs pull'";
        }
        if (text.startsWith("UEsDB")) {
            return "encoded in base64; decode it first (base64 -d)";
        }
        for (Map.Entry<String, String> packed : PACKED.entrySet()) {
            if (text.startsWith(packed.getKey())) {
                return "compressed with " + packed.getValue() + "; unpack it first";
            }
        }
        if (text.length() > 262 && text.startsWith("ustar", 257)) {
            return "a tar archive; unpack it first";
        }
        if (text.length() > 10 && text.startsWith("\0\0{\"", 6)) {
            return "a safetensors file, which holds weights and no program; " + EXPORT_SCRIPT;
        }
        return "not a TorchScript archive (not a zip file); " + EXPORT_SCRIPT;
    }

    /** Returns the top folder with its slash. Like libtorch, it takes the folder of the first entry. */
    static String folder(String file, List<ZipMember> members) {
        if (members.isEmpty()) {
            throw new ArchiveException(Reason.INCOMPLETE, file + ": is an empty zip; " + EXPORT_SCRIPT);
        }
        for (ZipMember member : members) {
            if (member.name().startsWith("serialized_exported_program")) {
                throw export(file);
            }
        }
        String first = members.get(0).name();
        int slash = first.indexOf('/');
        if (slash < 0) {
            throw new ArchiveException(
                    Reason.INCOMPLETE,
                    file + ": is a zip without the folder of a TorchScript archive (first entry '" + first + "'); "
                            + EXPORT_SCRIPT);
        }
        return first.substring(0, slash + 1);
    }

    static void check(String file, Set<String> entries) {
        boolean data = entries.contains("data.pkl");
        boolean constants = entries.contains("constants.pkl");
        boolean code = entries.stream().anyMatch(e -> e.startsWith("code/"));
        if (!data && (entries.contains("archive_format") || entries.stream().anyMatch(e -> e.startsWith("models/")))) {
            throw export(file);
        }
        if (entries.contains("model.json")) {
            throw new ArchiveException(
                    Reason.TOO_OLD,
                    file + ": was written by PyTorch before 1.4; load it with a newer PyTorch and save it again");
        }
        if (data && !constants && !code) {
            throw new ArchiveException(
                    Reason.CHECKPOINT,
                    file + ": is a checkpoint (a state_dict or a pickled module), which holds weights and no program; "
                            + EXPORT_SCRIPT);
        }
        if (!data) {
            throw incomplete(file, "data.pkl");
        }
        if (!constants) {
            throw incomplete(file, "constants.pkl");
        }
        if (!code) {
            throw incomplete(file, "code/");
        }
        if (!entries.contains("version") && !entries.contains(".data/version")) {
            throw incomplete(file, "version");
        }
    }

    static int version(String file, byte[] bytes) {
        String text = new String(bytes, StandardCharsets.US_ASCII).strip();
        if (text.matches("[0-9]{1,9}")) {
            int version = Integer.parseInt(text);
            if (version >= 1 && version <= TorchArchive.NEWEST_VERSION) {
                return version;
            }
        }
        String shown = text.matches("[ -~]{1,20}") ? "'" + text + "'" : "(unreadable)";
        throw new ArchiveException(
                Reason.UNKNOWN_VERSION,
                file + ": has format version " + shown + "; this library reads 1 to " + TorchArchive.NEWEST_VERSION
                        + ", export the model with PyTorch 2.x");
    }

    private static ArchiveException export(String file) {
        return new ArchiveException(
                Reason.TORCH_EXPORT,
                file + ": was written by torch.export, which libtorch through DJL cannot run; " + EXPORT_SCRIPT);
    }

    private static ArchiveException incomplete(String file, String what) {
        return new ArchiveException(
                Reason.INCOMPLETE,
                file + ": lacks '" + what + "', so it is not a whole TorchScript archive; " + EXPORT_SCRIPT);
    }
}
