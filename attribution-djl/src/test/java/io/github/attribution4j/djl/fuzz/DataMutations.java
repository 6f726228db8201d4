// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.fuzz;

import java.util.Arrays;

/** Storages and small entries of other content. */
final class DataMutations {
    private DataMutations() {}

    static String mutate(Draft draft) {
        RawZip.Entry entry = draft.storage();
        byte[] bytes = entry.stored;
        switch (draft.below(7)) {
            case 0 -> {
                Draft.set(entry, Arrays.copyOf(bytes, draft.below(bytes.length)));
                return entry.name + " cut from " + bytes.length + " to " + entry.stored.length + " bytes";
            }
            case 1 -> {
                Draft.set(entry, Arrays.copyOf(bytes, bytes.length + draft.any(1, 4, 1000)));
                return entry.name + " longer";
            }
            case 2 -> {
                draft.zip.entries.remove(entry);
                return entry.name + " is missing";
            }
            case 3 -> {
                byte[] noise = bytes.clone();
                draft.random.nextBytes(noise);
                Draft.set(entry, noise);
                return entry.name + " is noise";
            }
            case 4 -> {
                Draft.set(entry, new byte[0]);
                return entry.name + " is empty";
            }
            case 5 -> {
                RawZip.Entry order = draft.entry("byteorder");
                String text = draft.any("big", "middle", "", "little\n", "BIG".repeat(1000));
                Draft.set(order, text);
                return order.name + " is " + text.length() + " characters: "
                        + text.strip().lines().findFirst().orElse("");
            }
            default -> {
                RawZip.Entry version = draft.entry("version");
                String text = draft.any("1", "2", "7", "10", "11", "-3", "0x3", "3.0", "", "9".repeat(500), "3\n3");
                Draft.set(version, text);
                return "the version is '" + text.replace('\n', ' ') + "'";
            }
        }
    }
}
