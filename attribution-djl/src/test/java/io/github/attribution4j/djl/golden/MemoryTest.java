/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.testkit.LeakExtension;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A service that explains all day does not grow. {@link MemoryGrowth} is the long version, with resident memory. */
@ExtendWith(LeakExtension.class)
class MemoryTest {
    private static final int EXPLANATIONS = 480;

    @Test
    void nothingStaysOpen() throws Exception {
        List<String> heard = new ArrayList<>();
        MemoryGrowth.grow(EXPLANATIONS, EXPLANATIONS / 2, "", MemoryGrowth::resident, heard::add);
        assertThat(heard).isNotEmpty();
    }
}
