package main

import (
	"context"
	"fmt"

	"github.com/libopenstorage/openstorage/api"
	"github.com/libopenstorage/openstorage/pkg/auth"
	rolepkg "github.com/libopenstorage/openstorage/pkg/role"
	"github.com/portworx/kvdb"
	"github.com/portworx/kvdb/mem"
)

type roleQuestion struct {
	Roles  []string     `json:"roles"`
	Custom []customRole `json:"custom"`
	Method string       `json:"method"`
}

type customRole struct {
	Name  string `json:"name"`
	Rules []struct {
		Services []string `json:"services"`
		Apis     []string `json:"apis"`
	} `json:"rules"`
}

type roleAnswer struct {
	Allowed bool   `json:"allowed"`
	Error   string `json:"error,omitempty"`
}

// role asks the server's role manager, over a fresh database in memory that
// holds the default roles and the ones of the question.
func role(q roleQuestion) roleAnswer {
	manager, err := roleManager(q.Custom)
	if err == nil {
		err = manager.Verify(context.Background(), q.Roles, q.Method)
	}
	if err != nil {
		return roleAnswer{Error: err.Error()}
	}
	return roleAnswer{Allowed: true}
}

func roleManager(custom []customRole) (*rolepkg.SdkRoleManager, error) {
	fatal := func(err error, format string, args ...interface{}) {
		panic(fmt.Sprintf(format, args...) + ": " + err.Error())
	}
	var database kvdb.Kvdb
	database, err := mem.New("openstorage-peer", nil, nil, fatal)
	if err != nil {
		return nil, err
	}
	manager, err := rolepkg.NewSdkRoleManager(database)
	if err != nil {
		return nil, err
	}
	for _, wanted := range custom {
		if err := define(manager, wanted); err != nil {
			return nil, err
		}
	}
	return manager, nil
}

// define creates a role, or updates one of the default roles: the server
// lets only system.guest be updated.
func define(manager *rolepkg.SdkRoleManager, wanted customRole) error {
	rule := &api.SdkRole{Name: wanted.Name}
	for _, r := range wanted.Rules {
		rule.Rules = append(rule.Rules, &api.SdkRule{Services: r.Services, Apis: r.Apis})
	}
	if _, ok := rolepkg.DefaultRoles[wanted.Name]; ok {
		_, err := manager.Update(context.Background(), &api.SdkRoleUpdateRequest{Role: rule})
		return err
	}
	_, err := manager.Create(context.Background(), &api.SdkRoleCreateRequest{Role: rule})
	return err
}

type ownerQuestion struct {
	User      *ownerUser `json:"user"`
	Ownership *ownership `json:"ownership"`
	Access    string     `json:"access"`
}

type ownerUser struct {
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
	Guest    bool     `json:"guest"`
}

type ownership struct {
	Owner         string            `json:"owner"`
	Groups        map[string]string `json:"groups"`
	Collaborators map[string]string `json:"collaborators"`
	Public        string            `json:"public"`
}

type ownerAnswer struct {
	Permitted bool   `json:"permitted"`
	Error     string `json:"error,omitempty"`
}

// owner asks as the volume service does, with the user in the context. Without
// a user the server runs without authentication; a resource without ownership
// is public.
func owner(q ownerQuestion) ownerAnswer {
	access, err := accessType(q.Access)
	if err != nil {
		return ownerAnswer{Error: err.Error()}
	}
	held, err := q.Ownership.held()
	if err != nil {
		return ownerAnswer{Error: err.Error()}
	}
	ctx := context.Background()
	if q.User != nil {
		ctx = auth.ContextSaveUserInfo(ctx, &auth.UserInfo{
			Username: q.User.Username,
			Claims:   auth.Claims{Groups: q.User.Groups},
			Guest:    q.User.Guest,
		})
	}
	return ownerAnswer{Permitted: held.IsPermittedByContext(ctx, access)}
}

func (o *ownership) held() (*api.Ownership, error) {
	if o == nil {
		return nil, nil
	}
	groups, err := accessTypes(o.Groups)
	if err != nil {
		return nil, err
	}
	collaborators, err := accessTypes(o.Collaborators)
	if err != nil {
		return nil, err
	}
	acls := &api.Ownership_AccessControl{Groups: groups, Collaborators: collaborators}
	if o.Public != "" {
		public, err := accessType(o.Public)
		if err != nil {
			return nil, err
		}
		acls.Public = &api.Ownership_PublicAccessControl{Type: public}
	}
	return &api.Ownership{Owner: o.Owner, Acls: acls}, nil
}

func accessTypes(words map[string]string) (map[string]api.Ownership_AccessType, error) {
	types := make(map[string]api.Ownership_AccessType, len(words))
	for who, word := range words {
		access, err := accessType(word)
		if err != nil {
			return nil, err
		}
		types[who] = access
	}
	return types, nil
}

func accessType(word string) (api.Ownership_AccessType, error) {
	switch word {
	case "read":
		return api.Ownership_Read, nil
	case "write":
		return api.Ownership_Write, nil
	case "admin":
		return api.Ownership_Admin, nil
	}
	return 0, fmt.Errorf("access %q is none of read, write, admin", word)
}
