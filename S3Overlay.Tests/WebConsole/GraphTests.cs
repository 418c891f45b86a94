using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.WebConsole.Components;

namespace S3Overlay.Tests.WebConsole;

/// <summary>Graphs show what can be drawn.</summary>
public sealed class GraphTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Values_that_are_no_numbers_are_left_out(bool isStacked)
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        await using var renderer = new HtmlRenderer(services, NullLoggerFactory.Instance);
        double?[] values = [1, double.NaN, double.PositiveInfinity, null, double.NegativeInfinity, 2];

        var text = await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<Graph>(
            ParameterView.FromDictionary(new Dictionary<string, object?>
            {
                ["Title"] = "Requests",
                ["Step"] = 10,
                ["Format"] = (Func<double, string>)(static value => $"<{value}>"),
                ["Series"] = new Series[] { new("all", "local", values), new("none", "cache", new double?[6]) },
                ["IsStacked"] = isStacked,
            }))).ToHtmlString());

        Assert.Contains("<path", text, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\u221e", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Infinity", text, StringComparison.Ordinal);
        Assert.Contains("&lt;2&gt;", text, StringComparison.Ordinal);
    }
}
