// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RowKeysTest {
    @Test
    void holdsWhatWasAddedAndNothingElse() {
        Random random = new Random(3);
        RowKeys keys = new RowKeys();
        Set<Long> expected = new HashSet<>();
        for (int i = 0; i < 50_000; i++) {
            // Some differ in the lower half only, which says nothing of the first place that is tried.
            long key = i % 10 == 0 ? i : random.nextLong();
            keys.add(key);
            keys.add(key);
            expected.add(key);
        }
        assertThat(expected).allMatch(keys::contains).hasSizeGreaterThan(49_000);
        for (int i = 0; i < 50_000; i++) {
            long other = random.nextLong();
            assertThat(keys.contains(other)).isEqualTo(expected.contains(other));
        }
    }

    @Test
    void zeroIsAKeyAsOthersAre() {
        RowKeys keys = new RowKeys();
        assertThat(keys.contains(0)).isFalse();
        keys.add(0);
        assertThat(keys.contains(0)).isTrue();
        assertThat(keys.contains(1L << 32)).isFalse();
    }
}
