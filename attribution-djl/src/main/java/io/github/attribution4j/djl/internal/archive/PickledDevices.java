// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Finds the devices that an archive's objects hold as values, and replaces them. Devices of tensors are not among them:
 * libtorch loads tensors to the device that the caller chose.
 */
public final class PickledDevices {
    private static final String MARK = "ctorch\ndevice\n";

    private final TorchArchive archive;
    private final Map<String, List<PickleReader.Name>> places = new LinkedHashMap<>();
    private final List<String> found = new ArrayList<>();

    private PickledDevices(TorchArchive archive) {
        this.archive = archive;
    }

    /**
     * Looks for devices.
     *
     * @param archive not changed
     * @param wanted the devices to look for
     * @throws ArchiveException if a pickle is damaged
     */
    public static PickledDevices of(TorchArchive archive, Predicate<String> wanted) {
        PickledDevices devices = new PickledDevices(archive);
        for (String entry : List.of("data.pkl", "constants.pkl")) {
            byte[] pickle = archive.entry(entry);
            if (pickle == null || !new String(pickle, StandardCharsets.ISO_8859_1).contains(MARK)) {
                continue;
            }
            PickleReader reader = new PickleReader(archive.name(), entry, pickle, null);
            reader.read();
            List<PickleReader.Name> names = reader.devices().stream()
                    .filter(name -> wanted.test(name.value()))
                    .toList();
            if (!names.isEmpty()) {
                devices.places.put(entry, names);
                names.forEach(name -> devices.found.add(name.value()));
            }
        }
        return devices;
    }

    /** {@return the devices found, repeated as often as they occur} */
    public List<String> found() {
        return List.copyOf(found);
    }

    /** {@return a copy in memory with another device in their place} */
    public TorchArchive replaced(String device) {
        byte[] name = device.getBytes(StandardCharsets.UTF_8);
        byte[] literal = ByteBuffer.allocate(name.length + 5)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 'X')
                .putInt(name.length)
                .put(name)
                .array();
        Map<String, byte[]> entries = new LinkedHashMap<>();
        places.forEach((entry, names) -> {
            byte[] pickle = archive.large(entry);
            ByteArrayOutputStream out = new ByteArrayOutputStream(pickle.length);
            int done = 0;
            for (PickleReader.Name place : names) {
                out.write(pickle, done, place.start() - done);
                out.writeBytes(literal);
                done = place.end();
            }
            out.write(pickle, done, pickle.length - done);
            entries.put(entry, out.toByteArray());
        });
        return archive.inMemory(Set.of(), entries);
    }
}
