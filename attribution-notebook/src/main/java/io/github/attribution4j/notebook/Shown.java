// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.notebook;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.SummaryStatistics;
import io.github.attribution4j.view.LayerInspector;
import io.github.attribution4j.view.LayerView;
import io.github.attribution4j.visual.AttributionTable;
import io.github.attribution4j.visual.Chart;
import io.github.attribution4j.visual.Picture;
import io.github.attribution4j.visual.SummaryReport;
import io.github.attribution4j.visual.TextTable;
import java.util.Base64;
import java.util.Map;
import java.util.function.Function;
import org.dflib.jjava.jupyter.kernel.display.DisplayData;
import org.dflib.jjava.jupyter.kernel.display.RenderContext;
import org.dflib.jjava.jupyter.kernel.display.Renderer;
import org.dflib.jjava.jupyter.kernel.display.mime.MIMEType;

/** How each type is shown in a cell: pictures as PNG, or as SVG or HTML where that is asked for; tables as HTML. */
final class Shown {
    private static final MIMEType PNG = MIMEType.parse("image/png");
    private static final MIMEType SVG = MIMEType.parse("image/svg+xml");
    private static final MIMEType HTML = MIMEType.parse("text/html");

    private Shown() {}

    static void register(Renderer renderer) {
        picture(renderer, Picture.class, picture -> picture);
        picture(renderer, Chart.class, Chart::picture);
        picture(renderer, Explanation.class, Picture::of);
        picture(renderer, LayerInspector.Views.class, Picture::of);
        picture(renderer, LayerView.class, Picture::of);
        picture(renderer, SummaryStatistics.class, Picture::of);
        html(renderer, TextTable.class, TextTable::toHtml);
        html(renderer, AttributionTable.class, AttributionTable::toHtml);
        html(renderer, SummaryReport.class, Shown::framed);
    }

    private static <T> void picture(Renderer renderer, Class<T> type, Function<T, Picture> draw) {
        renderer.createRegistration(type)
                .preferring(PNG)
                .supporting(SVG, HTML)
                .register((value, context) -> draw(draw.apply(value), context));
    }

    private static void draw(Picture picture, RenderContext context) {
        DisplayData out = context.getOutputContainer();
        if (context.wantsDataRenderedAs(PNG)) {
            // With its size, a picture of two pixels per CSS pixel is sharp instead of large.
            Map<String, Integer> size = Map.of("width", (int) picture.width(), "height", (int) picture.height());
            out.putData(PNG, Base64.getEncoder().encodeToString(picture.toPng()), size);
        }
        context.renderIfRequested(SVG, picture::toSvg);
        context.renderIfRequested(HTML, picture::toHtmlFragment);
    }

    private static <T> void html(Renderer renderer, Class<T> type, Function<T, String> write) {
        renderer.createRegistration(type)
                .preferring(HTML)
                .register((value, context) -> context.renderIfRequested(HTML, () -> write.apply(value)));
    }

    /** Returns a whole page as an element: in a frame, where its styles are its own. */
    private static String framed(SummaryReport report) {
        String page = report.toHtml().replace("&", "&amp;").replace("\"", "&quot;");
        return "<iframe srcdoc=\"" + page + "\" style=\"width:100%;height:640px;border:1px solid #ccc\"></iframe>\n";
    }
}
