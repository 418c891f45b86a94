namespace S3Overlay.Proxy.Hosting.Run.SharedCache;

/// <summary>Copies what is appended to a file to a writer, a little later.</summary>
internal sealed class LogFollower : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly CancellationTokenSource _ending = new();
    private readonly Task _following;

    /// <summary>Begins at a position of the file, which may be missing.</summary>
    public LogFollower(string file, long from, TextWriter output) => _following = FollowAsync(file, from, output);

    /// <summary>Copies the rest and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _following;
        _ending.Dispose();
    }

    private async Task FollowAsync(string file, long from, TextWriter output)
    {
        try
        {
            await using var log = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            log.Position = from;
            using var reader = new StreamReader(log);
            for (var isLast = false; ; isLast = _ending.IsCancellationRequested)
            {
                if (await reader.ReadToEndAsync() is { Length: > 0 } text)
                {
                    await output.WriteAsync(text);
                }

                if (isLast)
                {
                    return;
                }

                await Task.Delay(Pause, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The proxy works without its log.
        }
    }
}
