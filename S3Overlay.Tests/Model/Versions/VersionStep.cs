using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model.Versions;

/// <summary>
/// One step of a sequence with versions. It is plain data, so it means the same in any part of its sequence. References to absent things
/// are ignored.
/// </summary>
internal abstract record VersionStep
{
    /// <summary>
    /// What it may leave of buckets, by their numbers, if it gets no response. What was there before may be left too.
    /// </summary>
    public virtual IEnumerable<(int Bucket, VersionedBucket State)> MayLeave(VersionScene scene) => [];

    /// <exception cref="Mismatch">The proxy violated the model.</exception>
    public abstract Task RunAsync(VersionScene scene);
}

/// <summary>One request to a bucket, with its only right response.</summary>
internal abstract record RequestStep(int Bucket) : VersionStep
{
    public sealed override IEnumerable<(int Bucket, VersionedBucket State)> MayLeave(VersionScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        return Request(scene, bucket) is null ? [] : Outcome(scene, bucket).Stages.Select(stage => (Bucket, stage));
    }

    public sealed override async Task RunAsync(VersionScene scene)
    {
        var before = scene.Buckets[Bucket];
        if (Request(scene, before) is not { } request)
        {
            return;
        }

        var outcome = Outcome(scene, before);
        var response = await scene.SendAsync(
            request.Caller, request.Method, before.Name, request.Key, request.Query, request.Body, request.Headers);
        if (scene.IsRefusal(response))
        {
            scene.WasRefused = true;
            return;
        }

        Expect.That(outcome.IsOf(response) || outcome.Or?.IsOf(response) == true,
            $"{response.Status} {response.Code}, where {outcome.Status} {outcome.Code} is right: {response.Text}");
        await CheckAsync(scene, before, response);
        var after = outcome.Stages.Count == 0 ? before : outcome.Stages[^1];
        if (request.Key is { } key && response.Headers.GetValueOrDefault("x-amz-version-id") is { } id)
        {
            after = after.With(key, after.Of(key).Named(id));
        }

        scene.Buckets[Bucket] = after;
        if (outcome.IsUnsure || scene.WasRefused || after.Keys.Values.Any(state => state.Find(ModelVersion.Unknown) is not null))
        {
            await VersionAftermath.LookAsync(scene, Bucket, outcome.IsUnsure || scene.WasRefused ? [after, before, .. outcome.Stages]
                : [after]);
        }
    }

    /// <summary>The request. Null if there is nothing that it could be about.</summary>
    protected abstract ModelRequest? Request(VersionScene scene, VersionedBucket bucket);

    /// <summary>What the request does.</summary>
    protected abstract ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket);

    /// <summary>Checks more of the response.</summary>
    protected virtual Task CheckAsync(VersionScene scene, VersionedBucket before, RawResponse response) => Task.CompletedTask;
}

/// <param name="Key">Null for the bucket itself.</param>
internal sealed record ModelRequest(string Method, string? Key, string Query = "")
{
    public ModelCaller Caller { get; init; }

    public byte[]? Body { get; init; }

    public (string Name, string Value)[] Headers { get; init; } = [];
}

/// <summary>The right response of a request, and what it changes.</summary>
/// <param name="Code">The error code. Empty if any is right.</param>
/// <param name="Stages">The bucket after each step of the change. Empty if nothing changes.</param>
internal sealed record ModelOutcome(int Status, string Code, params IReadOnlyList<VersionedBucket> Stages)
{
    /// <summary>Whether it is not promised which of the stages is left.</summary>
    public bool IsUnsure { get; init; }

    /// <summary>Another right response, if two things are wrong with the request.</summary>
    public ModelOutcome? Or { get; init; }

    public bool IsOf(RawResponse response) =>
        response.Status == Status && (Code.Length == 0 || response.Code.Length == 0 || response.Code == Code);
}
