// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.examples;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cli.DemoFiles;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.visual.TextTable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Which measurements make a tumor look malignant, compared with the average patient? A table row, with KernelSHAP. */
public final class TableRow {
    private TableRow() {}

    /** Prints the measurements as a table. */
    public static void main(String[] args) throws IOException {
        List<String> patient = lines("patient.csv");
        String[] names = patient.get(0).split(",", -1);
        float[] values = numbers(patient.get(1));
        try (InputStream archive = DemoFiles.open("breast-cancer.pt");
                TorchScriptModel model = TorchScriptModel.load(archive);
                TensorScope scope = TensorScope.open()) {
            Tensor row = model.tensors().of(values, 1, values.length);
            Tensor average =
                    model.tensors().of(numbers(lines("patient-baseline.csv").get(1)), 1, values.length);
            KernelShap method = new KernelShap().samples(1000).baseline(Baseline.of(average));
            try (Explanation why = method.attribute(
                    model, Inputs.of(row), Target.probability(0), Run.defaults().seed(7))) {
                TextTable table = TextTable.of(why, 0, names)
                        .values(widened(values))
                        .top(5)
                        .ascii(true);
                System.out.print(table.render());
            }
        }
    }

    private static List<String> lines(String file) throws IOException {
        try (InputStream in = DemoFiles.open(file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        }
    }

    private static float[] numbers(String line) {
        String[] cells = line.split(",", -1);
        float[] numbers = new float[cells.length];
        for (int i = 0; i < cells.length; i++) {
            numbers[i] = Float.parseFloat(cells[i]);
        }
        return numbers;
    }

    private static double[] widened(float[] values) {
        double[] wide = new double[values.length];
        Arrays.setAll(wide, i -> values[i]);
        return wide;
    }
}
