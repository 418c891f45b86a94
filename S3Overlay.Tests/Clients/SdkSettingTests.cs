using Amazon.S3;
using Amazon.S3.Model;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Clients;

/// <summary>Versions, locks, lifecycles, encryption, access rules and conditional writes, once round, with the SDK for .NET.</summary>
public sealed class SdkSettingTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Rule", "V3")]
    public async Task Once_round(bool hasRemote)
    {
        await using var scene = await SettingScene.StartAsync(hasRemote);
        using var s3 = S3Clients.Create(scene.Proxy.Endpoint);
        if (!hasRemote)
        {
            await s3.PutBucketAsync(SettingScene.Bucket);
        }

        await VersionsAsync(s3, scene.RemoteKey);
        await EncryptionAsync(s3);
        await RulesAsync(s3);
        await AccessAsync(s3, scene);
        await LocksAsync(s3);

        // Over a remote once more: without its delete marker, the object of the remote is there again.
        for (var left = hasRemote ? 2 : 1; left > 0; left--)
        {
            var all = await s3.ListVersionsAsync(SettingScene.Bucket);
            var gone = await s3.DeleteObjectsAsync(new()
            {
                BucketName = SettingScene.Bucket,
                Objects = [.. all.Versions.Select(static version => new KeyVersion { Key = version.Key, VersionId = version.VersionId })],
            });
            Assert.Equal(all.Versions.Count, gone.DeletedObjects.Count);
        }

        await s3.DeleteBucketAsync(SettingScene.Bucket);
    }

    private static async Task VersionsAsync(AmazonS3Client s3, string remoteKey)
    {
        await s3.PutBucketVersioningAsync(new()
        {
            BucketName = SettingScene.Bucket, VersioningConfig = new() { Status = VersionStatus.Enabled },
        });
        var one = await s3.PutObjectAsync(new() { BucketName = SettingScene.Bucket, Key = "k", ContentBody = "one" });
        var two = await s3.PutObjectAsync(new() { BucketName = SettingScene.Bucket, Key = "k", ContentBody = "two", IfMatch = one.ETag });
        Assert.Equal(("two", "one"), (await ReadAsync(s3, "k"), await ReadAsync(s3, "k", one.VersionId)));
        await FailAsync("PreconditionFailed",
            () => s3.PutObjectAsync(new() { BucketName = SettingScene.Bucket, Key = "k", ContentBody = "x", IfNoneMatch = "*" }));
        await FailAsync("PreconditionFailed",
            () => s3.DeleteObjectAsync(new() { BucketName = SettingScene.Bucket, Key = "k", IfMatch = one.ETag }));
        var marker = await s3.DeleteObjectAsync(new() { BucketName = SettingScene.Bucket, Key = "k", IfMatch = two.ETag });
        Assert.Equal("true", marker.DeleteMarker);
        await FailAsync("NoSuchKey", () => s3.GetObjectAsync(SettingScene.Bucket, "k"));
        await s3.DeleteObjectAsync(SettingScene.Bucket, "k", marker.VersionId);
        Assert.Equal("two", await ReadAsync(s3, "k"));
        if (remoteKey.Length > 0)
        {
            Assert.Equal("from the remote", await ReadAsync(s3, remoteKey, "null"));
            await s3.DeleteObjectAsync(SettingScene.Bucket, remoteKey);
            await FailAsync("NoSuchKey", () => s3.GetObjectAsync(SettingScene.Bucket, remoteKey));
        }
    }

    private static async Task EncryptionAsync(AmazonS3Client s3)
    {
        await s3.PutBucketEncryptionAsync(new()
        {
            BucketName = SettingScene.Bucket,
            ServerSideEncryptionConfiguration = new()
            {
                ServerSideEncryptionRules =
                [
                    new()
                    {
                        ServerSideEncryptionByDefault = new()
                        {
                            ServerSideEncryptionAlgorithm = ServerSideEncryptionMethod.AWSKMS,
                            ServerSideEncryptionKeyManagementServiceKeyId = "named",
                        },
                    },
                ],
            },
        });
        var put = await s3.PutObjectAsync(new() { BucketName = SettingScene.Bucket, Key = "kms", ContentBody = "sealed" });
        Assert.Equal(("named", "sealed"), (put.ServerSideEncryptionKeyManagementServiceKeyId, await ReadAsync(s3, "kms")));
    }

    private static async Task RulesAsync(AmazonS3Client s3)
    {
        await s3.PutLifecycleConfigurationAsync(new()
        {
            BucketName = SettingScene.Bucket,
            Configuration = new()
            {
                Rules =
                [
                    new()
                    {
                        Id = "old", Status = LifecycleRuleStatus.Enabled, Expiration = new() { Days = 7 },
                        Filter = new() { LifecycleFilterPredicate = new LifecyclePrefixPredicate { Prefix = "logs/" } },
                    },
                ],
            },
        });
        var rules = (await s3.GetLifecycleConfigurationAsync(SettingScene.Bucket)).Configuration.Rules;
        Assert.Equal(("old", 7), (Assert.Single(rules).Id, rules[0].Expiration.Days));
        await s3.PutCORSConfigurationAsync(new()
        {
            BucketName = SettingScene.Bucket,
            Configuration = new() { Rules = [new() { AllowedMethods = ["GET"], AllowedOrigins = ["https://a.example"] }] },
        });
        var cors = await s3.GetCORSConfigurationAsync(SettingScene.Bucket);
        Assert.Equal(["https://a.example"], cors.Configuration.Rules[0].AllowedOrigins);
    }

    private static async Task AccessAsync(AmazonS3Client s3, SettingScene scene)
    {
        async Task<int> UnsignedAsync() => (await scene.Proxy.Http.SendUnsignedAsync("GET", $"/{SettingScene.Bucket}/open")).Status;

        await s3.PutObjectAsync(
            new() { BucketName = SettingScene.Bucket, Key = "open", ContentBody = "open", CannedACL = S3CannedACL.PublicRead });
        Assert.Equal(200, await UnsignedAsync());
        await s3.PutObjectAclAsync(new() { BucketName = SettingScene.Bucket, Key = "open", ACL = S3CannedACL.Private });
        Assert.Equal(403, await UnsignedAsync());
        await s3.PutBucketPolicyAsync(new()
        {
            BucketName = SettingScene.Bucket,
            Policy = $$"""
                {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",
                 "Resource":"arn:aws:s3:::{{SettingScene.Bucket}}/open"}]}
                """,
        });
        Assert.Equal(200, await UnsignedAsync());
        await s3.PutPublicAccessBlockAsync(new()
        {
            BucketName = SettingScene.Bucket, PublicAccessBlockConfiguration = new() { RestrictPublicBuckets = true },
        });
        Assert.Equal(403, await UnsignedAsync());
        await s3.DeleteBucketPolicyAsync(SettingScene.Bucket);
    }

    private static async Task LocksAsync(AmazonS3Client s3)
    {
        await s3.PutObjectLockConfigurationAsync(new()
        {
            BucketName = SettingScene.Bucket, ObjectLockConfiguration = new() { ObjectLockEnabled = ObjectLockEnabled.Enabled },
        });
        var locked = await s3.PutObjectAsync(new()
        {
            BucketName = SettingScene.Bucket, Key = "locked", ContentBody = "kept", ObjectLockMode = ObjectLockMode.Governance,
            ObjectLockRetainUntilDate = DateTime.UtcNow.AddDays(1), ObjectLockLegalHoldStatus = ObjectLockLegalHoldStatus.On,
        });
        await FailAsync("AccessDenied", () => s3.DeleteObjectAsync(SettingScene.Bucket, "locked", locked.VersionId));
        await s3.PutObjectLegalHoldAsync(new()
        {
            BucketName = SettingScene.Bucket, Key = "locked", LegalHold = new() { Status = ObjectLockLegalHoldStatus.Off },
        });
        await FailAsync("AccessDenied", () => s3.DeleteObjectAsync(SettingScene.Bucket, "locked", locked.VersionId));
        await s3.DeleteObjectAsync(new()
        {
            BucketName = SettingScene.Bucket, Key = "locked", VersionId = locked.VersionId, BypassGovernanceRetention = true,
        });
    }

    private static async Task<string> ReadAsync(AmazonS3Client s3, string key, string? version = null)
    {
        using var response = await s3.GetObjectAsync(new() { BucketName = SettingScene.Bucket, Key = key, VersionId = version });
        using var reader = new StreamReader(response.ResponseStream);
        return await reader.ReadToEndAsync();
    }

    private static async Task FailAsync(string code, Func<Task> act) =>
        Assert.Equal(code, (await Assert.ThrowsAnyAsync<AmazonS3Exception>(act)).ErrorCode);
}
