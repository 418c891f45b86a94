using S3Overlay.Proxy.Hosting;

namespace S3Overlay.Tests.Hosting;

public sealed class ProcessSettingsTests
{
    /// <summary>Not in this process's own environment: all other tests run in it, and what they start inherits it.</summary>
    [Theory]
    [InlineData(null, "1")]
    [InlineData("0", "0")]
    public void Inline_completions_are_on_by_default(string? before, string after)
    {
        var chosen = before;
        KestrelSettings.ApplyToProcess(
            name => name == KestrelSettings.InlineCompletions ? chosen : null,
            (name, value) => chosen = name == KestrelSettings.InlineCompletions ? value : chosen);
        Assert.Equal(after, chosen);
    }
}
