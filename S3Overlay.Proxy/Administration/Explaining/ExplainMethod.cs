namespace S3Overlay.Proxy.Administration.Explaining;

/// <summary><c>GET explain</c>: what clients see of a key or a bucket, and why.</summary>
internal sealed class ExplainMethod : DocumentMethod<object>
{
    private readonly Explanations _explanations;

    public ExplainMethod(Explanations explanations)
        : base("GET", "explain", "Explains what clients see of a key, and why. Without a key, explains the bucket.")
    {
        _explanations = explanations;
        Parameters =
        [
            Parameter.Bucket with { IsRequired = true }, Parameter.Key,
            new("remote", "False to send the remote no request. Otherwise it gets one HEAD.") { Type = "boolean" },
        ];
    }

    /// <inheritdoc/>
    /// <remarks>Only what is cached of an object, and on its way, changes from one second to the next.</remarks>
    public override bool IsRepeated(CallParameters parameters) => parameters["remote"] == "false";

    /// <inheritdoc/>
    public override IReadOnlyList<Type> Responses => [typeof(KeyExplanation), typeof(BucketExplanation)];

    /// <inheritdoc/>
    protected override async Task<(object Document, string Result)> GetAsync(MethodCall call, CancellationToken cancellationToken)
    {
        var parameters = call.Parameters;
        var (bucket, key, asksRemote) = (parameters.RequireBucket(), parameters.Key, parameters.Flag("remote", otherwise: true));
        if (key is null)
        {
            var report = await _explanations.OfBucketAsync(bucket, asksRemote, cancellationToken);
            return (BucketExplanation.Of(bucket, report), report.IsVisible switch
            {
                true => "it is there",
                false => "it is not there",
                null => "the remote did not say",
            });
        }

        var explained = await _explanations.OfKeyAsync(call.Request, bucket, key, asksRemote, cancellationToken);
        return (KeyExplanation.Of(bucket, key, explained), explained.Reason.ToString());
    }
}
