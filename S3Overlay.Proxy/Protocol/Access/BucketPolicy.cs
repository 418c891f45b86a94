namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>A bucket's policy, parsed. Immutable.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-language-overview.html</remarks>
/// <param name="Text">The document as the client sent it.</param>
/// <param name="Statements">Its statements.</param>
public sealed record BucketPolicy(string Text, IReadOnlyList<PolicyStatement> Statements)
{
    /// <summary>The most bytes of a policy: 20 KiB, as in S3.</summary>
    public const int MaxSize = 20 << 10;

    /// <summary>Whether it lets everybody do something: such a policy is what a public access block refuses and restricts.</summary>
    public bool IsPublic { get; } = Statements.Any(static statement => statement.IsPublic);

    /// <summary>Whether a condition or a variable is about the tags that a request sets.</summary>
    public bool ReadsNewTags { get; } = Reads(Statements, "s3:RequestObjectTag");

    /// <summary>Whether a condition or a variable is about the retention or legal hold that a request sets.</summary>
    public bool ReadsNewLocks { get; } = Reads(Statements, "s3:object-lock-");

    /// <summary>Whether a statement denies the request. Nothing allows what a statement denies.</summary>
    public bool Denies(PolicyRequest request) => Has(request, isAllow: false);

    /// <summary>Whether a statement allows the request.</summary>
    public bool Allows(PolicyRequest request) => Has(request, isAllow: true);

    /// <summary>Whether a statement allows the request by naming exactly its resource, without wildcards or variables.</summary>
    public bool AllowsByName(PolicyRequest request) => Statements.Any(statement => statement.IsAllow && !statement.IsNotResources
        && statement.Resources.Any(each => !each.IsWide && each.Text == request.Resource) && statement.Matches(request));

    private static bool Reads(IReadOnlyList<PolicyStatement> statements, string keys)
    {
        var variable = "${" + keys;
        return statements.Any(statement => statement.Resources.Any(resource => Uses(resource.Text))
            || statement.Conditions.Any(condition => condition.Key.StartsWith(keys, StringComparison.OrdinalIgnoreCase)
                || condition.Values.Any(Uses)));

        bool Uses(string text) => text.Contains(variable, StringComparison.OrdinalIgnoreCase);
    }

    private bool Has(PolicyRequest request, bool isAllow)
    {
        foreach (var statement in Statements)
        {
            if (statement.IsAllow == isAllow && statement.Matches(request))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>One action of a request, as policies see it.</summary>
/// <param name="Caller">Who asks.</param>
/// <param name="Action">The action, such as <c>s3:GetObject</c>.</param>
/// <param name="Resource">Bucket, or bucket and key: <c>photos</c>, <c>photos/2024/a.jpg</c>.</param>
/// <param name="Values">The request's values of condition keys.</param>
public readonly record struct PolicyRequest(AccessCaller Caller, string Action, string Resource, ConditionValues Values);

/// <summary>One statement of a policy.</summary>
public sealed record PolicyStatement
{
    /// <summary>Whether it allows; otherwise it denies.</summary>
    public required bool IsAllow { get; init; }

    /// <summary>Whom it is about.</summary>
    public required PolicyPrincipals Principals { get; init; }

    /// <summary>The actions.</summary>
    public required IReadOnlyList<PolicyPattern> Actions { get; init; }

    /// <summary>Whether it is about all other actions (<c>NotAction</c>).</summary>
    public bool IsNotActions { get; init; }

    /// <summary>The resources, without <c>arn:aws:s3:::</c>.</summary>
    public required IReadOnlyList<PolicyPattern> Resources { get; init; }

    /// <summary>Whether it is about all other resources (<c>NotResource</c>).</summary>
    public bool IsNotResources { get; init; }

    /// <summary>All of them have to be met.</summary>
    public IReadOnlyList<PolicyCondition> Conditions { get; init; } = [];

    /// <summary>Whether it allows everybody something, without a condition that names callers or networks.</summary>
    public bool IsPublic => IsAllow && Principals.IsEverybody
        && !Conditions.Any(static condition => condition.IsFixed && ConditionKeys.Narrows(condition.Key));

    /// <summary>Whether it is about the request.</summary>
    public bool Matches(PolicyRequest request)
    {
        if (!Principals.Matches(request.Caller, IsAllow) || Any(Actions, request.Action, request.Values) == IsNotActions
            || Any(Resources, request.Resource, request.Values) == IsNotResources)
        {
            return false;
        }

        foreach (var condition in Conditions)
        {
            if (!condition.IsMet(request.Values))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Any(IReadOnlyList<PolicyPattern> patterns, string text, ConditionValues values)
    {
        foreach (var pattern in patterns)
        {
            if (pattern.Matches(text, values))
            {
                return true;
            }
        }

        return false;
    }
}
