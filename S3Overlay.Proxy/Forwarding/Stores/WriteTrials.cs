using System.Globalization;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// Tries concurrent and cut writes: what others can do with the key, which of two writes succeeds, and what is kept of a cut one.
/// </summary>
internal sealed class WriteTrials(ProbeRequests requests)
{
    /// <summary>More than stores and networks buffer before looking at a request.</summary>
    private const int LargeBody = 256 << 10;

    /// <summary>A store that blocks the key has not responded by then, though it answers for other keys.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    /// <summary>How long an unhindered write takes at a store with spare capacity.</summary>
    private static readonly TimeSpan QuickWrite = TimeSpan.FromSeconds(1);

    private string Cut => requests.Named("cut");

    private string Shut => requests.Named("shut");

    /// <summary>A write whose connection ends one byte early.</summary>
    public async Task CutAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var bytes = new byte[LargeBody];
        var body = new WireBody(bytes.Length, SigV4.UnsignedPayload, async (target, token) =>
        {
            await target.WriteAsync(bytes.AsMemory(1), token);
            await target.FlushAsync(token);
            await ending.CancelAsync();
            token.ThrowIfCancellationRequested();
        });
        requests.NoteKept(Cut);
        try
        {
            await requests.SendAsync(new WireRequest("PUT", requests.Bucket, Cut) { Body = body }, ending.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Intended.
        }
    }

    /// <summary>
    /// True if the store made an object of it. The store may notice the broken connection later still: the object is removed in any case.
    /// </summary>
    public Task<bool> IsCutKeptAsync(CancellationToken cancellationToken) => requests.ExistsAsync(Cut, cancellationToken);

    /// <summary>True if the key is blocked from the beginning of a conditional write until the end of its body.</summary>
    public async Task<bool> KeepsKeysAsync(CancellationToken cancellationToken)
    {
        var (isKept, looking) = (false, (Task<WireResponse>?)null);
        async Task SendAsync(Stream body, CancellationToken token)
        {
            await body.WriteAsync(ProbeRequests.Content.AsMemory(0, 1), token);
            await body.FlushAsync(token);
            looking = requests.LookAsync(Shut, cancellationToken).Observed();
            if (await Task.WhenAny(looking, Task.Delay(Look, requests.Time, token)) != looking)
            {
                // A slow store is slow with other keys too. One that handles one request at a time would never respond.
                var other = requests.ExistsAsync(requests.First, token).Observed();
                isKept = await Task.WhenAny(other, looking, Task.Delay(4 * Look, requests.Time, token)) == other
                    && other.IsCompletedSuccessfully && !looking.IsCompleted;
            }

            await body.WriteAsync(ProbeRequests.Content.AsMemory(1), token);
        }

        requests.NoteKept(Shut);
        var put = new WireRequest("PUT", requests.Bucket, Shut, "", [new("If-None-Match", "*")])
        {
            Body = WireBody.Of(ProbeRequests.Content) with { CopyToAsync = SendAsync }, AsksFirst = true,
        };
        await requests.SendAsync(put, cancellationToken);
        if (looking is null)
        {
            return false;
        }

        using var seen = await looking;
        return isKept && seen.Status < 300;
    }

    /// <summary>Tries for each known condition whether only one of two writes succeeds.</summary>
    /// <param name="ofNew">True if it knows <c>If-None-Match: *</c>.</param>
    /// <param name="ofMatch">True if it knows If-Match.</param>
    public async Task<bool> TakesOneAloneAsync(bool ofNew, bool ofMatch, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(ofNew ? TakesOneAloneAsync("If-None-Match", cancellationToken) : Task.FromResult(true),
            ofMatch ? TakesOneAloneAsync("If-Match", cancellationToken) : Task.FromResult(true));
        return found[0] && found[1];
    }

    private async Task<bool> TakesOneAloneAsync(string header, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= ProbeRequests.Attempts; attempt++)
        {
            var name = requests.Named($"raced-{header}-{attempt.ToString(CultureInfo.InvariantCulture)}");
            var value = "*";
            if (header == "If-Match")
            {
                await requests.KeepAsync(name, cancellationToken);
                value = await requests.ETagAsync(name, cancellationToken);
            }

            var (first, other) = await RaceAsync(name, header, value, cancellationToken);
            if (first.IsTaken || other.IsTaken)
            {
                return !(first.IsTaken && other.IsTaken);
            }

            // Neither: a response was lost, and the retry found its own write.
        }

        return false;
    }

    /// <summary>
    /// Two writes of one key with different bytes. The last byte of the first is held back until the other is done: some stores judge
    /// before the body and not at its end. Others block the key for the first, and the other finishes after it.
    /// </summary>
    private async Task<(ProbeResponse First, ProbeResponse Other)> RaceAsync(
        string name, string header, string value, CancellationToken cancellationToken)
    {
        var hasBegun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mayEnd = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var bytes = new byte[LargeBody];
        var slowBody = WireBody.Of(bytes) with
        {
            CopyToAsync = async (target, token) =>
            {
                await target.WriteAsync(bytes.AsMemory(..^1), token);
                await target.FlushAsync(token);
                hasBegun.TrySetResult();
                await mayEnd.Task.WaitAsync(token);
                await target.WriteAsync(bytes.AsMemory(^1..), token);
            },
        };
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var slow = requests.PutAsync(name, header, value, cancellationToken, slowBody, asksFirst: true);
        Task<ProbeResponse>? quick = null;
        try
        {
            await Task.WhenAny(hasBegun.Task, slow);
            quick = requests.PutAsync(name, header, value, cancellationToken, WireBody.Of(ProbeRequests.Content.AsMemory(1)));
            if (await Task.WhenAny(quick, Task.Delay(QuickWrite, requests.Time, waiting.Token)) != quick)
            {
                // A slow store is slow with another key too. What it does next must not be attributed to the first write.
                var elsewhere = requests.KeepAsync(requests.Named("elsewhere"), waiting.Token).Observed();
                await Task.WhenAny(quick, elsewhere, Task.Delay(4 * QuickWrite, requests.Time, waiting.Token));
            }
        }
        finally
        {
            mayEnd.TrySetResult();
            await waiting.CancelAsync();
            await ((Task)Task.WhenAll(slow, quick ?? slow)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return (await slow, await quick);
    }
}
