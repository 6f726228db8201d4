// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names in one text, whatever they hold. */
class NameListTest {
    @Test
    void commas_separate_and_blanks_around_names_do_not_count() {
        assertThat(NameList.read("a,b")).containsExactly("a", "b");
        assertThat(NameList.read("  layer1.0 , two words,,")).containsExactly("layer1.0", "two words", "", "");
        assertThat(NameList.read("")).containsExactly("");
        assertThat(NameList.readOne(" a, b ")).isEqualTo("a, b");
    }

    @Test
    void a_backslash_makes_a_separator_part_of_a_name() {
        assertThat(NameList.read("a\\,b, c")).containsExactly("a,b", "c");
        assertThat(NameList.read("a\\\\,b")).containsExactly("a\\", "b");
        assertThat(NameList.readOne("a\\,b")).isEqualTo("a,b");
        assertThat(NameList.read("C:\\model\\x")).as("others are as they are").containsExactly("C:\\model\\x");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "a,b", ",", "a\\", "\\,", "\\\\", " a ", " ", "  ", "a, b", "\\ x", "x \\ ", "a;b"})
    void what_is_written_is_read(String name) {
        assertThat(NameList.readOne(NameList.write(name))).isEqualTo(name);
        List<String> names = List.of(name, "other", name);
        assertThat(NameList.read(NameList.write(names))).isEqualTo(names);
        assertThat(NameList.read(NameList.write(name, ';') + ";b", ';')).containsExactly(name, "b");
    }

    @Test
    void another_character_may_separate() {
        assertThat(NameList.read("a, b ; c\\;d\\, e", ';')).containsExactly("a, b", "c;d\\, e");
        assertThat(NameList.write("a;b, c", ';')).isEqualTo("a\\;b, c");
    }
}
