using System.Diagnostics;

namespace S3Overlay.Tests.Support;

/// <summary>
/// How long tests wait for background work. The limit turns a hang into a failure. It is far above what a busy machine with two cores
/// takes, and costs nothing when all is well.
/// </summary>
public static class Patience
{
    /// <summary>After this time a wait fails.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>Polls until a condition holds.</summary>
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
                // Checking without a pause would take processor time from the work.
                await Task.Delay(1);
            }
        }
    }

    /// <summary>The same for an asynchronous condition.</summary>
    public static Task UntilAsync(Func<Task<bool>> holds, string otherwise) => UntilAsync(holds, static isSo => isSo, _ => otherwise);

    /// <summary>Asks until the result matches.</summary>
    /// <param name="otherwise">The message for the last result, if none matched.</param>
    public static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Predicate<T> isIt, Func<T, string> otherwise)
    {
        var waited = Stopwatch.StartNew();
        for (var asked = 1; ; asked++)
        {
            var response = await ask();
            if (isIt(response))
            {
                return response;
            }

            Assert.True(waited.Elapsed < Limit, otherwise(response));

            // Polling slows down what the test waits for. So it gets rarer, but never so rare that it makes a test slow.
            await Task.Delay(Math.Min(asked, 20));
        }
    }
}
