namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>What the signer of a form allows to be uploaded with it.</summary>
/// <param name="Expiration">Until when.</param>
/// <param name="Conditions">What the fields must be.</param>
/// <param name="Smallest">The fewest bytes the file may have.</param>
/// <param name="Largest">The most bytes the file may have.</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html</remarks>
internal sealed record PostPolicy(DateTimeOffset Expiration, IReadOnlyList<PolicyCondition> Conditions, long Smallest, long Largest)
{
    /// <summary>Holds a form against the policy; the file's size is for whoever reads it.</summary>
    /// <param name="fields">The fields, the file's name put in.</param>
    /// <param name="bucket">The bucket that the request names, whatever a field of that name says.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="S3Exception">AccessDenied, with what is not met.</exception>
    public void Check(PostFields fields, string bucket, DateTimeOffset now)
    {
        if (now >= Expiration)
        {
            throw Denied("Policy expired.");
        }

        foreach (var condition in Conditions)
        {
            if (!condition.Allows(IsBucket(condition.Field) ? bucket : fields[condition.Field] ?? ""))
            {
                throw Denied($"Policy Condition failed: {condition}");
            }
        }

        var extra = fields.All.Select(static field => field.Key).Append("bucket").Where(name => !IsExempt(name) && !IsCovered(name))
            .Distinct().ToList();
        if (extra.Count > 0)
        {
            throw Denied($"Extra input fields: {string.Join(", ", extra)}");
        }
    }

    private static bool IsBucket(string field) => field.Equals("bucket", StringComparison.OrdinalIgnoreCase);

    private bool IsCovered(string field) => Conditions.Any(condition => condition.Field.Equals(field, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// Fields that need no condition. A checksum needs none, since it allows nothing: it can only have a damaged file refused.
    /// </summary>
    private static bool IsExempt(string field) =>
        field.ToLowerInvariant() is "policy" or "file" or "signature" or "awsaccesskeyid" or "x-amz-signature"
        || PostFields.IsIgnored(field)
        || field.StartsWith("x-amz-checksum-", StringComparison.OrdinalIgnoreCase);

    private static S3Exception Denied(string why) => new(S3Errors.AccessDenied, "Invalid according to Policy: " + why);
}

/// <summary>What a policy demands of one field.</summary>
/// <param name="Field">The field's name, without a dollar sign.</param>
/// <param name="Value">What it must be, or start with.</param>
/// <param name="IsPrefix">Whether the value is only how it must start.</param>
internal sealed record PolicyCondition(string Field, string Value, bool IsPrefix)
{
    /// <summary>Whether a field's value, empty where it was not sent, is as demanded.</summary>
    public bool Allows(string value)
    {
        if (!IsPrefix)
        {
            return value == Value;
        }

        // A Content-Type with commas is a list of which each has to fit: else "image/png,text/html" would pass for an image.
        return Field.Equals("Content-Type", StringComparison.OrdinalIgnoreCase) && value.Contains(',')
            ? value.Split(',').All(type => type.Trim().StartsWith(Value, StringComparison.Ordinal))
            : value.StartsWith(Value, StringComparison.Ordinal);
    }

    /// <summary>As messages show it.</summary>
    public override string ToString() => $"[\"{(IsPrefix ? "starts-with" : "eq")}\", \"${Field}\", \"{Value}\"]";
}
