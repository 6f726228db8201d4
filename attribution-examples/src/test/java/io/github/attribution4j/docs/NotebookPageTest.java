// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.visual.AttributionTable;
import io.github.attribution4j.visual.Picture;
import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Test;

/** What docs/notebook.md says about other kernels; none is on the class path here. */
class NotebookPageTest {
    @Test
    void other_kernels() {
        assertThatThrownBy(() -> Class.forName("org.dflib.jjava.jupyter.Extension"))
                .isInstanceOf(ClassNotFoundException.class);
        try (Tensor row = Tensors.ofJava().of(new double[] {1, 2, 3}, 1, 3);
                Explanation why = new ShapleyValues()
                        .attribute(Model.of(rows -> rows), Inputs.of(row).named("a", "b", "c"), Target.index(1))) {
            // tag::other-kernels
            Picture picture = Picture.of(why); // the picture that fits its shape
            BufferedImage pixels = picture.toImage();
            String page = picture.toHtml();
            String table = AttributionTable.of(why).toHtml();
            // end::other-kernels
            assertThat(pixels.getWidth()).isGreaterThan(100);
            assertThat(page).startsWith("<!DOCTYPE html>").contains("<svg");
            assertThat(table).startsWith("<table").contains("<th>b</th>");
        }
    }
}
