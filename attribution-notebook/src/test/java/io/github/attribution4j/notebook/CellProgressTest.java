// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.notebook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.dflib.jjava.jupyter.kernel.display.DisplayData;
import org.dflib.jjava.jupyter.kernel.display.mime.MIMEType;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class CellProgressTest {
    private final List<DisplayData> bars = new ArrayList<>();
    private final List<DisplayData> updates = new ArrayList<>();

    private final CellProgress progress = new CellProgress(new CellProgress.Screen() {
        @Override
        public void show(DisplayData bar) {
            bars.add(bar);
        }

        @Override
        public void replace(DisplayData bar) {
            updates.add(bar);
        }
    });

    private static String html(DisplayData bar) {
        return (String) bar.getData(MIMEType.parse("text/html"));
    }

    @Test
    @DisplayName("Each explanation has one bar, which ends at 100 % and is not drawn for every report in between")
    void bars() {
        Model sum = Model.of(rows -> rows);
        double[] row = new double[10];
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(Tensors.ofJava().of(row, 1, 10));
            for (int i = 0; i < 3; i++) {
                new ShapleyValues()
                        .attribute(
                                sum,
                                inputs,
                                Target.index(0),
                                Run.defaults().batchRows(2).progress(progress))
                        .close();
            }
        }
        assertThat(bars).hasSize(3).extracting(DisplayData::getDisplayId).doesNotHaveDuplicates();
        assertThat(html(bars.get(0)))
                .startsWith("<progress max=\"1\" value=\"0.")
                .contains("shapley-values: ");
        assertThat(updates)
                .extracting(DisplayData::getDisplayId)
                .containsAll(bars.stream().map(DisplayData::getDisplayId).toList());
        assertThat(updates).hasSizeLessThan(200);
        assertThat(html(updates.get(updates.size() - 1)))
                .contains("value=\"1.000\"")
                .contains("100 %");
        assertThat(progress).hasToString("CellProgress[1024 rows, finished]");
    }

    @Test
    @DisplayName("Outside a notebook there is nowhere to show it")
    void noNotebook() {
        assertThatThrownBy(CellProgress::new)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no JJava kernel runs in this JVM")
                .hasMessageContaining("give Run.progress a listener of your own");
    }
}
