// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.pytorch.jni.JniUtils;
import io.github.attribution4j.djl.internal.engine.ThreadSettings;
import io.github.attribution4j.djl.internal.engine.TorchRuntime;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** No class may leave libtorch with another number of threads for the process than it found. Holds for every class. */
public final class ProcessSettings implements BeforeAllCallback, AfterAllCallback {
    private static final ExtensionContext.Namespace HERE = ExtensionContext.Namespace.create(ProcessSettings.class);

    @Override
    public void beforeAll(ExtensionContext context) {
        context.getStore(HERE).put("threads", threads());
    }

    @Override
    public void afterAll(ExtensionContext context) {
        int before = context.getStore(HERE).get("threads", Integer.class);
        int after = threads();
        if (after != before) {
            ThreadSettings.setIntraOpThreads(before);
        }
        assertThat(after)
                .as("threads of one operation, for the process, after %s", context.getDisplayName())
                .isEqualTo(before);
    }

    /** As a thread that is new has it. */
    private static int threads() {
        TorchRuntime.get();
        CompletableFuture<Integer> threads = new CompletableFuture<>();
        new Thread(() -> threads.complete(JniUtils.getNumThreads())).start();
        return threads.join();
    }
}
