// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.session.GraphSession.Optimization;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Which sessions are kept. */
class SessionsTest {
    private final OnnxFile file = OnnxFile.of(Golden.read("models.npz").bytes("mlp.script/model"));
    private final List<Object> made = new ArrayList<>();

    @AfterEach
    void close() {
        file.close();
    }

    private Supplier<GraphSession> make(Object key) {
        return () -> {
            made.add(key);
            return new GraphSession(file, file.graph(), Optimization.BASIC);
        };
    }

    private void use(Sessions sessions, int... keys) {
        for (int key : keys) {
            assertThat(sessions.<String>use(key, make(key), session -> {
                        assertThat(session.weights()).isPositive();
                        return "used " + key;
                    }))
                    .isEqualTo("used " + key);
        }
    }

    @Test
    @DisplayName("Of sessions whose weights are too many, four are kept: those used last")
    void weights() {
        try (Sessions sessions = new Sessions(32, 1)) {
            use(sessions, 0, 1, 2, 3, 0, 4);
            assertThat(made).containsExactly(0, 1, 2, 3, 4);
            use(sessions, 0, 2, 3, 4);
            assertThat(made).hasSize(5);
            use(sessions, 1);
            assertThat(made).containsExactly(0, 1, 2, 3, 4, 1);
        }
    }

    @Test
    @DisplayName("Of small sessions, 32 are kept")
    void count() {
        try (Sessions sessions = new Sessions(32)) {
            for (int i = 0; i < 33; i++) {
                use(sessions, i);
            }
            use(sessions, 1, 32);
            assertThat(made).hasSize(33);
            use(sessions, 0);
            assertThat(made).hasSize(34);
        }
    }

    @Test
    @DisplayName("A session that is closed for others while it runs is closed when it has run")
    void running() {
        try (Sessions sessions = new Sessions(32, 1)) {
            sessions.use("outer", make("outer"), outer -> {
                use(sessions, 0, 1, 2, 3, 4);
                assertThat(outer.inputs()).isNotEmpty();
                return "";
            });
            sessions.use("outer", make("outer"), outer -> "");
            assertThat(made).containsExactly("outer", 0, 1, 2, 3, 4, "outer");
        }
    }

    @Test
    @DisplayName("What cannot be made is asked for again, and leaves the others alone")
    void failing() {
        try (Sessions sessions = new Sessions(32)) {
            use(sessions, 0);
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> sessions.use(
                                "none",
                                () -> {
                                    throw new IllegalArgumentException("refused");
                                },
                                session -> ""))
                        .hasMessage("refused");
            }
            use(sessions, 0);
            assertThat(made).containsExactly(0);
        }
    }
}
