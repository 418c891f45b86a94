using S3Overlay.Proxy.Hosting;

namespace S3Overlay.Tests.Hosting;

public sealed class ProcessSettingsTests
{
    [Theory]
    [InlineData(null, "1")]
    [InlineData("0", "0")]
    public void Inline_completions_are_on_unless_somebody_chose_otherwise(string? before, string after)
    {
        var original = Environment.GetEnvironmentVariable(ProcessSettings.InlineCompletions);
        try
        {
            Environment.SetEnvironmentVariable(ProcessSettings.InlineCompletions, before);
            ProcessSettings.Apply();
            Assert.Equal(after, Environment.GetEnvironmentVariable(ProcessSettings.InlineCompletions));
        }
        finally
        {
            Environment.SetEnvironmentVariable(ProcessSettings.InlineCompletions, original);
        }
    }
}
