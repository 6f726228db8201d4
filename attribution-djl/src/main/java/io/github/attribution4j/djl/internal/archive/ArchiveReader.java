// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import io.github.attribution4j.djl.internal.archive.ArchiveException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the directory and the program of an archive. */
final class ArchiveReader {
    private ArchiveReader() {}

    static TorchArchive read(String name, ByteSource source, Limits limits) throws IOException {
        try (ByteSource.Reader reader = source.open()) {
            ArchiveKind.checkMagic(name, reader, source.size());
            ZipDirectory zip = new ZipDirectory(name, reader, source.size(), limits);
            Map<String, ZipMember> members = new LinkedHashMap<>();
            List<ZipMember> all = zip.members();
            String folder = ArchiveKind.folder(name, all);
            for (ZipMember member : all) {
                if (member.name().startsWith(folder)) {
                    members.put(member.name().substring(folder.length()), member);
                }
            }
            ArchiveKind.check(name, members.keySet());
            ZipMember versionEntry = members.getOrDefault(".data/version", members.get("version"));
            if (versionEntry == null) {
                throw new IllegalStateException("checked above");
            }
            int version = ArchiveKind.version(name, zip.read(versionEntry));
            Map<String, String> code = new LinkedHashMap<>();
            long total = 0;
            for (Map.Entry<String, ZipMember> entry : members.entrySet()) {
                if (entry.getKey().startsWith(TorchArchive.CODE)
                        && entry.getKey().endsWith(".py")) {
                    total += entry.getValue().size();
                    if (total > limits.texts()) {
                        throw new ArchiveException(
                                Reason.TOO_LARGE,
                                name + ": its code has more than " + limits.texts() + " bytes, more than is read");
                    }
                    code.put(
                            entry.getKey().substring(TorchArchive.CODE.length()),
                            text(name, entry.getKey(), zip.read(entry.getValue())));
                }
            }
            return new TorchArchive(
                    name,
                    source,
                    members,
                    folder,
                    version,
                    Collections.unmodifiableMap(code),
                    Map.of(),
                    Map.of(),
                    limits);
        } catch (ArchiveException e) {
            throw TextMode.explained(e, name, source);
        }
    }

    private static String text(String name, String entry, byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new ArchiveException(
                    Reason.CORRUPT, name + ": entry '" + entry + "' is not text; export the model again", e);
        }
    }
}
