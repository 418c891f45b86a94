using System.Collections.Concurrent;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores;

/// <summary>The conditions on writes and deletes that the probe finds a store to support.</summary>
[Trait("Rule", "W3")]
public sealed class ProbedConditionsTests : StoreProbeTestBase
{
    [Theory]
    [InlineData("ignored")]
    [InlineData("501")]
    [InlineData("500")]
    [InlineData("right refused")]
    public async Task A_condition_that_is_not_honoured_is_known_not_to_be(string how)
    {
        void Lack(string header)
        {
            Store.Alter = how == "ignored" ? request => request.Headers.Remove(header) : null;
            Store.Refuse = how switch
            {
                "501" => request => request.Headers.ContainsKey(header) ? 501 : null,
                "500" => request => request.Headers.ContainsKey(header) ? 500 : null,
                "right refused" => request => request.Headers.ContainsKey(header) ? 412 : null,
                _ => null,
            };
        }

        Lack("If-None-Match");
        var found = await FindAsync();
        Assert.Equal((false, true, true), (found.Conditions.PutsIfNew, found.Conditions.PutsIfMatch, found.Conditions.DeletesIfMatch));
        Assert.Equal(how == "right refused", found is { Conditions.CompletesIfNew: true, Conditions.CopiesIfNew: true });
        Assert.Equal(how == "right refused", found is { Conditions.CompletesIfMatch: true, Conditions.CopiesIfMatch: true });
        Lack("If-Match");
        found = await FindAsync();
        Assert.Equal((true, false, false), (found.Conditions.PutsIfNew, found.Conditions.PutsIfMatch, found.Conditions.DeletesIfMatch));
        Assert.Equal((true, true), (found.Conditions.CompletesIfNew, found.Conditions.CopiesIfNew));
        Assert.Equal(how == "right refused", found is { Conditions.CompletesIfMatch: true, Conditions.CopiesIfMatch: true });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whether_keys_are_kept_to_conditional_writes_is_known(bool keeps)
    {
        using var keeping = keeps ? new KeepingStore(Store) : null;
        var found = await FindAsync();
        Assert.Equal((keeps, true), (found.Conditions.KeepKeys, found.Conditions.PutsIfNew));
        Assert.Contains("keys kept to conditional writes " + (keeps ? "yes" : "no"), found.ToString(), StringComparison.Ordinal);
    }

    /// <summary>
    /// A condition that holds at the start of a write may fail at its end. Then two writers of a new key both get 200, and one write is
    /// lost.
    /// </summary>
    [Fact]
    public async Task Conditions_that_are_only_checked_before_the_body_are_not_relied_on()
    {
        _ = new EarlyJudge(Store);
        var found = await FindAsync();
        Assert.True(found is { Conditions: { PutsIfNew: false, PutsIfMatch: false, CompletesIfNew: false, CompletesIfMatch: false,
            CopiesIfNew: false, CopiesIfMatch: false }, TakesOneAlone: false }, found.ToString());
        Assert.True(found.Conditions.DeletesIfMatch);
    }

    /// <summary>The second of the two writes would be refused, but not because of the first.</summary>
    [Fact]
    public async Task A_slow_stores_conditions_are_not_relied_on()
    {
        _ = new EarlyJudge(Store);
        var puts = new ConcurrentDictionary<string, int>();
        var (isSeenElsewhere, isDone) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        Store.Before = async call =>
        {
            if (call.Method == "PUT" && call.Path.EndsWith("/elsewhere", StringComparison.Ordinal))
            {
                isSeenElsewhere.TrySetResult();
                await isDone.Task;
            }
            else if (call.Method == "PUT" && call.Path.EndsWith("/raced-If-None-Match-1", StringComparison.Ordinal)
                && puts.AddOrUpdate(call.Path, 1, static (_, count) => count + 1) == 2)
            {
                await Task.WhenAny(isSeenElsewhere.Task, isDone.Task);
            }
        };
        Store.After = call =>
        {
            if (call is { Method: "PUT", Query: "" } && call.Path.EndsWith("/raced-If-None-Match-1", StringComparison.Ordinal))
            {
                isDone.TrySetResult();
            }

            return Task.CompletedTask;
        };

        // It does not know the other condition: that says nothing of this one.
        Store.Refuse = request => request.Headers.IfMatch.Count > 0 && request.Method == "PUT" ? 501 : null;
        var found = await FindAsync();
        Assert.False(found.TakesOneAlone, found.ToString());
    }

    /// <summary>A delete that comes while such a write is under way would be undone by it.</summary>
    [Fact]
    public async Task If_Match_that_holds_of_nothing_is_not_relied_upon()
    {
        Store.Alter = request =>
        {
            if (request.Path.Value!.EndsWith("/absent", StringComparison.Ordinal))
            {
                request.Headers.Remove("If-Match");
            }
        };
        var found = await FindAsync();
        Assert.Equal((true, false), (found.Conditions.PutsIfNew, found.Conditions.PutsIfMatch));
    }

    [Theory]
    [InlineData("complete")]
    [InlineData("copy")]
    public async Task Conditions_of_completes_and_copies_are_tested_for_themselves(string write)
    {
        _ = new HollowMatch(Store, write);
        var found = await FindAsync();
        Assert.Equal((true, write != "complete"), (found.Conditions.CompletesIfNew, found.Conditions.CompletesIfMatch));
        Assert.Equal((true, write != "copy"), (found.Conditions.CopiesIfNew, found.Conditions.CopiesIfMatch));
        Assert.True(found is { Conditions: { PutsIfNew: true, PutsIfMatch: true, DeletesIfMatch: true } }, found.ToString());
    }

    /// <summary>Asked for again it is refused, for what it has put there the first time.</summary>
    [Theory, Trait("Rule", "F")]
    [InlineData("put", "absent")]
    [InlineData("complete", "joined")]
    [InlineData("copy", "copied")]
    public async Task Conditions_are_not_relied_on_if_the_response_to_the_test_is_lost(string write, string name)
    {
        _ = new HollowMatch(Store, write);
        var isLost = false;
        Store.After = call =>
        {
            var isWrite = write == "complete" ? call.Method == "POST" && call.Query.StartsWith("uploadId=", StringComparison.Ordinal)
                : call is { Method: "PUT", Query: "" };
            if (isLost || !isWrite || call.Status != 200 || !call.Path.EndsWith("/" + name, StringComparison.Ordinal))
            {
                return Task.CompletedTask;
            }

            isLost = true;
            throw new IOException();
        };
        var found = await FindAsync();
        Assert.True(isLost);
        Assert.Equal((write != "put", write != "complete", write != "copy"),
            (found.Conditions.PutsIfMatch, found.Conditions.CompletesIfMatch, found.Conditions.CopiesIfMatch));
    }

    /// <summary>The final state of the key does not matter: clients would get that error each time.</summary>
    [Theory, Trait("Rule", "F")]
    [InlineData("PUT", "If-None-Match", 500)]
    [InlineData("PUT", "If-None-Match", 501)]
    [InlineData("PUT", "If-Match", 500)]
    [InlineData("DELETE", "If-Match", 500)]
    [InlineData("DELETE", "If-Match", 501)]
    public async Task A_store_that_reports_an_error_and_writes_anyway_is_not_relied_on(string method, string header, int status)
    {
        Store.Dress = context =>
        {
            var request = context.Request;
            if (request.Method == method && request.Headers.ContainsKey(header) && !request.Headers.ContainsKey("x-amz-copy-source")
                && context.Response.StatusCode < 300)
            {
                context.Response.StatusCode = status;
            }
        };
        var found = await FindAsync();
        Assert.Equal((header != "If-None-Match", (method, header) != ("PUT", "If-Match"), method != "DELETE"),
            (found.Conditions.PutsIfNew, found.Conditions.PutsIfMatch, found.Conditions.DeletesIfMatch));
    }

    /// <summary>
    /// A concurrent write of the key says nothing about the condition. It may be the probe's own write, whose response was lost.
    /// </summary>
    [Fact, Trait("Rule", "F")]
    public async Task A_conflict_is_no_refusal_of_a_condition()
    {
        var conflicts = 0;
        Store.Alter = request => request.Headers.Remove("If-None-Match");
        Store.Fail = request =>
            request.Method == "PUT" && request.Headers.IfNoneMatch.Count > 0 && !request.Headers.ContainsKey("x-amz-copy-source")
                && Interlocked.Increment(ref conflicts) == 1
                ? (409, "OperationAborted")
                : null;
        Assert.False((await FindAsync()).Conditions.PutsIfNew);
    }
}
