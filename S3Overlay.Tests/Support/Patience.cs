using System.Diagnostics;

namespace S3Overlay.Tests.Support;

/// <summary>
/// How long tests wait for what happens in its own time. The limit is there so that a hang is told as one: it is far above what a busy machine of two cores takes, and
/// costs nothing where all is well.
/// </summary>
public static class Patience
{
    /// <summary>After this long, what is waited for will not come.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>Waits until a condition holds that nothing announces.</summary>
    public static async Task UntilAsync(Func<bool> holds, string otherwise)
    {
        var waited = Stopwatch.StartNew();
        for (var looks = 0; !holds(); looks++)
        {
            Assert.True(waited.Elapsed < Limit, otherwise);
            if (looks < 100)
            {
                await Task.Yield();
            }
            else
            {
                // Looking without a pause would keep from a core what is waited for.
                await Task.Delay(1);
            }
        }
    }
}
