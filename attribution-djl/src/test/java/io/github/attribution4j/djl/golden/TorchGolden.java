// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.testkit.internal.golden.EveryMethod;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;

/** The golden archives, loaded on the device of the test run. */
public final class TorchGolden {
    private TorchGolden() {}

    static GoldenModel<TorchScriptModel> load(GoldenData.Entry entry) {
        return load(entry, options());
    }

    static GoldenModel<TorchScriptModel> load(GoldenData.Entry entry, LoadOptions options) {
        return GoldenModel.of(entry, TorchScriptModel.load(entry.archive(), options));
    }

    /** Returns every method on two archives. */
    static EveryMethod everyMethod() {
        return new EveryMethod(
                TorchGolden.load(GoldenData.entry("mlp_softmax/scripted")),
                TorchGolden.load(GoldenData.entry("cnn/traced")),
                "layer2.0.conv2",
                "layer2:in");
    }

    /**
     * Returns options that load models on the device of the test run, {@code -Dattribution.device=cuda:0}. One thread
     * for an operation: the models are small, and two threads that wait for each other are slow on a busy machine.
     */
    public static LoadOptions options() {
        return LoadOptions.defaults()
                .device(System.getProperty("attribution.device", "cpu"))
                .threads(1);
    }
}
