using System.Globalization;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// What a store makes of writes that are under way: what others may do with the key meanwhile, which of two it takes, and what it keeps of
/// one that is cut.
/// </summary>
internal sealed class WriteTrials(ProbeRequests requests)
{
    /// <summary>More than a store or the way there takes in before it looks at a request.</summary>
    private const int LargeBody = 256 << 10;

    /// <summary>A store that lets nobody look has not answered by then, though it answers others.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a write takes where nothing is in its way, and the store has no more to do than it can.</summary>
    private static readonly TimeSpan QuickWrite = TimeSpan.FromSeconds(1);

    private string Cut => requests.Named("cut");

    private string Shut => requests.Named("shut");

    /// <summary>A write that ends with its connection, one byte before its body does.</summary>
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
            await requests.SendAsync(new WireRequest("PUT", requests.Bucket, Cut, "", []) { Body = body }, ending.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // As it was meant to.
        }
    }

    /// <summary>
    /// Whether the store made an object of it. It notices that a connection has ended when it gets there, which may be later still: it is
    /// taken away whether or not it was seen.
    /// </summary>
    public Task<bool> IsCutKeptAsync(CancellationToken cancellationToken) => requests.ExistsAsync(Cut, cancellationToken);

    /// <summary>Whether nobody is let see a key while a conditional write of it has begun, and its body has not come to its end.</summary>
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
                // A store that is merely slow is so with others, too; and one that will have no two requests at once would never answer.
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

    /// <summary>Whether of two writes under one condition the store takes one alone, of each condition that it knows.</summary>
    /// <param name="ofNew">Whether it knows <c>If-None-Match: *</c>.</param>
    /// <param name="ofMatch">Whether it knows If-Match.</param>
    /// <param name="cancellationToken">The end of the trial.</param>
    public async Task<bool> TakesOneAloneAsync(bool ofNew, bool ofMatch, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(
            ofNew ? TakesOneAloneAsync("If-None-Match", cancellationToken) : Task.FromResult(true),
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

            // Neither: an answer was lost, and what was asked again found what it had written itself.
        }

        return false;
    }

    /// <summary>
    /// Two writes of one key, of other bytes than are there, and each of its own. The first has its last byte kept back until the other is
    /// over: some stores judge before the body, and not again at its end. Others keep the key to the first, and the other is over after it.
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
                // A store that is merely slow is so with another key, too; the one it would have done next must not come after the first
                // for that.
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
