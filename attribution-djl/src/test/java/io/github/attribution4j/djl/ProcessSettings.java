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
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.pytorch.jni.JniUtils;
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
