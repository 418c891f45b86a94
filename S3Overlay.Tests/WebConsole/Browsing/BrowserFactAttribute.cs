namespace S3Overlay.Tests.WebConsole.Browsing;

/// <summary>A test in a real browser, whose program <c>S3OVERLAY_TEST_BROWSER</c> names: <c>/usr/bin/chromium</c>.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    /// <summary>A test that needs a browser.</summary>
    public BrowserFactAttribute()
    {
        if (Program is null)
        {
            Skip = "S3OVERLAY_TEST_BROWSER names no browser.";
        }
    }

    /// <summary>The browser, or null.</summary>
    public static string? Program =>
        Environment.GetEnvironmentVariable("S3OVERLAY_TEST_BROWSER") is { Length: > 0 } program ? program : null;
}
