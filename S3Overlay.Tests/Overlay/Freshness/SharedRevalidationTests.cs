using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Freshness;

/// <summary>Readers share one request to the remote, which does not depend on any of them (rule S1).</summary>
[Trait("Rule", "S1")]
public class SharedRevalidationTests : FreshnessTestBase
{
    [Fact]
    public async Task Readers_of_a_stale_entry_share_one_revalidation()
    {
        var bytes = await HoldAsync("key");
        Time.Advance(Life);
        var answered = new TaskCompletionSource();
        Remote.OnResponse = (_, _) => answered.Task;
        var readers = Enumerable.Range(0, 20).Select(i => Task.Run(() => ReadAsync(Request("key", head: i % 3 == 0)))).ToList();
        await Remote.UntilAsync(() => Questions.Count > 0, "The remote got no request.");
        answered.SetResult();
        foreach (var answer in await Task.WhenAll(readers))
        {
            // A read that arrives with the response finds a fresh entry.
            Assert.Contains(Origin(answer).Cache, (string[])["REVALIDATED", "HIT"]);
            Assert.Equal(bytes.Length, answer.Headers.ContentLength);
        }

        // The response may arrive between finding a stale entry and joining.
        Assert.InRange(Questions.Count, 1, readers.Count / 2);
    }

    [Fact]
    public async Task Readers_of_a_changed_object_share_one_revalidation_and_one_fill()
    {
        await HoldAsync("key", 100_000);
        Time.Advance(Life);
        var bytes = Bytes(100_000, 2);
        Remote.Put("key", bytes);
        ForgetRequests();
        var responses = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => ReadAsync("key"))));
        Assert.All(responses, answer => Assert.Equal(bytes, answer.Bytes));
        Assert.Single(Remote.Gets);
        Assert.InRange(Questions.Count, 1, responses.Length / 2);
    }

    [Fact]
    [Trait("Rule", "T2")]
    public async Task Under_always_a_read_does_not_join_an_earlier_revalidation()
    {
        Revalidate(Revalidation.Always);
        var older = await HoldAsync("key");
        var answered = new TaskCompletionSource();
        Remote.OnResponse = (_, _) => answered.Task;
        var first = ReadAsync("key");
        await Remote.UntilAsync(() => Questions.Count == 1, "The remote got no request.");

        // The remote has already responded "not modified". Then it changes, its listing shows the change, and a read follows.
        var newer = Bytes(500, 2);
        Remote.Put("key", newer);
        var later = Enumerable.Range(0, 5).Select(_ => ReadAsync("key")).ToList();
        Remote.OnResponse = null;
        answered.SetResult();
        Assert.Equal(older, (await first).Bytes);
        Assert.All(await Task.WhenAll(later), answer => Assert.Equal(newer, answer.Bytes));

        // A later reader asks about the older entry, and about the newer one if another reader has filled it by then.
        Assert.InRange(Questions.Count, 2, 1 + (2 * later.Count));
    }

    [Fact]
    public async Task Under_always_readers_that_come_during_a_revalidation_share_the_next()
    {
        Revalidate(Revalidation.Always);
        await HoldAsync("key");
        var answered = new TaskCompletionSource();
        Remote.OnResponse = (_, _) => answered.Task;
        var found = 0;
        Wrap = store => new SteppedStore(store) { AfterFind = () => Task.FromResult(Interlocked.Increment(ref found)) };
        await ReopenAsync();
        var readers = new List<Task<CollectedResponse>> { ReadAsync("key") };
        await Remote.UntilAsync(() => Questions.Count == 1, "The remote got no request.");
        readers.AddRange(Enumerable.Range(0, 20).Select(_ => ReadAsync("key")));
        await Patience.UntilAsync(() => Volatile.Read(ref found) == 21, "Not all have found the copy.");
        answered.SetResult();
        Assert.All(await Task.WhenAll(readers), answer => Assert.Equal("REVALIDATED", Origin(answer).Cache));

        Assert.InRange(Questions.Count, 2, readers.Count / 2);
    }

    /// <summary>The same without an entry: a "not found" of the remote is as old as its request.</summary>
    [Theory]
    [Trait("Rule", "S3")]
    [InlineData(true, false, RemoteFailure.NoSuchKey)]
    [InlineData(true, false, RemoteFailure.NoSuchBucket)]
    [InlineData(true, false, RemoteFailure.AccessDenied)]
    [InlineData(false, true, RemoteFailure.NoSuchKey)]
    public async Task Absence_seen_before_a_read_began_does_not_count_for_it(
        bool isAlways, bool saysNoCache, RemoteFailure failure)
    {
        Revalidate(isAlways ? Revalidation.Always : Revalidation.Never);
        var answered = FailFirst(failure);
        var first = ReadAsync("key");
        await Remote.UntilAsync(() => Remote.Gets.Count == 1, "The remote got no request.");
        var bytes = Bytes(500);
        Remote.Put("key", bytes);
        var later = await JoinAsync(saysNoCache);
        answered.SetResult();
        Assert.InRange((await Assert.ThrowsAsync<S3Exception>(() => first)).Error.Status, 403, 404);
        Assert.All(await Task.WhenAll(later), answer => Assert.Equal(bytes, answer.Bytes));

        // Readers that arrived during it share the next request, which was sent after all of them began.
        Assert.Equal(2, Remote.Gets.Count);
    }

    /// <summary>When the remote is down, all readers share one wait.</summary>
    [Theory]
    [Trait("Rule", "C1")]
    [InlineData(false, RemoteFailure.NoSuchKey, 404)]
    [InlineData(true, RemoteFailure.Unavailable, 503)]
    public async Task Otherwise_readers_that_come_during_a_revalidation_share_it(bool isAlways, RemoteFailure failure, int status)
    {
        Revalidate(isAlways ? Revalidation.Always : Revalidation.Never);
        var answered = FailFirst(failure);
        var first = ReadAsync("key");
        await Remote.UntilAsync(() => Remote.Gets.Count == 1, "The remote got no request.");
        Remote.Put("key", Bytes(500));
        var later = await JoinAsync(saysNoCache: false);
        answered.SetResult();
        foreach (var reading in later.Prepend(first))
        {
            Assert.Equal(status, (await Assert.ThrowsAsync<S3Exception>(() => reading)).Error.Status);
        }

        Assert.Single(Remote.Gets);
    }

    [Fact]
    public async Task The_first_client_may_disconnect()
    {
        await HoldAsync("key");
        Time.Advance(Life);
        var answered = new TaskCompletionSource();
        Remote.OnResponse = (_, _) => answered.Task;
        using var leaving = new CancellationTokenSource();
        var first = ReadAsync("key", cancellationToken: leaving.Token);
        var second = ReadAsync("key");
        await Remote.UntilAsync(() => Questions.Count == 1, "The remote got no request.");
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        answered.SetResult();

        // The second reader may not have reached the shared request yet.
        Assert.Contains(Origin(await second).Cache, (string[])["REVALIDATED", "HIT"]);
        Assert.InRange(Questions.Count, 1, 2);
    }

    [Fact]
    public async Task A_revalidation_without_waiters_still_renews_the_entry()
    {
        await HoldAsync("key");
        Time.Advance(Life);
        var answered = new TaskCompletionSource();
        Remote.OnResponse = (_, _) => answered.Task;
        using var leaving = new CancellationTokenSource();
        var reading = ReadAsync("key", cancellationToken: leaving.Token);
        await Remote.UntilAsync(() => Questions.Count == 1, "The remote got no request.");
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        answered.SetResult();
        await RenewedAsync(Time.GetUtcNow());
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
    }

    /// <summary>Makes the remote fail its first request, once released, and no other.</summary>
    private TaskCompletionSource FailFirst(RemoteFailure failure)
    {
        var answered = new TaskCompletionSource();
        var asked = 0;
        Remote.OnRequest = async (_, _) =>
        {
            if (Interlocked.Increment(ref asked) == 1)
            {
                await answered.Task;
                throw new RemoteException(failure, "as the test says");
            }
        };
        return answered;
    }

    /// <summary>Reads that wait for another one's revalidation.</summary>
    private async Task<List<Task<CollectedResponse>>> JoinAsync(bool saysNoCache)
    {
        (string, string)[] headers = saysNoCache ? [("Cache-Control", "no-cache")] : [];
        var later = Enumerable.Range(0, 5).Select(_ => ReadAsync(Request("key", headers: headers))).ToList();
        await Patience.UntilAsync(() => Reader.Fills!.Objects.WaitingFor(new ObjectName(Bucket, "key")) == 6, "Not all have joined.");
        return later;
    }
}
