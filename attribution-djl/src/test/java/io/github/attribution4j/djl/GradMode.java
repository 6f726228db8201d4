// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.pytorch.jni.JniUtils;
import io.github.attribution4j.djl.internal.engine.TorchRuntime;
import io.github.attribution4j.testkit.Invariant;

/** Whether libtorch records graphs on this thread: every test must leave it as it was. */
public final class GradMode implements Invariant {
    @Override
    public String description() {
        return "grad mode of this thread";
    }

    @Override
    public Object observe() {
        TorchRuntime.get();
        return JniUtils.isGradMode();
    }

    @Override
    public void restore(Object before) {
        JniUtils.setGradMode((Boolean) before);
    }
}
